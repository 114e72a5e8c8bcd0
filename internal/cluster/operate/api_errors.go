package operate

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

// UnreachableError is a cluster none of whose control planes could be used.
type UnreachableError struct {
	Cluster string
	Reasons map[string]error // by control plane
}

// Error gives each control plane's reason a line.
func (e *UnreachableError) Error() string {
	if len(e.Reasons) == 0 {
		return "the cluster has no control plane through which its API could be asked"
	}
	return reasons("the API cannot be asked through any control plane", e.Reasons)
}

// Unwrap returns the reasons.
func (e *UnreachableError) Unwrap() []error { return slices.Collect(maps.Values(e.Reasons)) }

// Hint is what to do about the first reason that has an advice.
func (e *UnreachableError) Hint() string {
	if hint := firstHint(e.Reasons); hint != "" {
		return hint
	}
	return "One control plane is enough. Check that its machine is up, and on it `crictl ps -a --name kube-apiserver` and `journalctl -u kubelet`."
}

// reasons gives each node's reason a line of its own.
func reasons(what string, of map[string]error) string {
	lines := []string{what + ":"}
	for _, node := range slices.Sorted(maps.Keys(of)) {
		lines = append(lines, fmt.Sprintf("  %s: %v", node, of[node]))
	}
	return strings.Join(lines, "\n")
}

// firstHint is the advice about the first reason that has one.
func firstHint(of map[string]error) string {
	for _, node := range slices.Sorted(maps.Keys(of)) {
		if advice := hintOf(of[node]); advice != "" {
			return node + ": " + advice
		}
	}
	return ""
}

// passes reports whether any control plane may answer in a moment.
func (e *UnreachableError) passes() bool {
	for _, reason := range e.Reasons {
		var credentials *credentialsError
		var expired *ExpiredError
		var connect *remote.ConnectError
		var machine interface{ Hint() string }
		switch {
		case errors.Is(reason, errNoAdminConf), errors.As(reason, &credentials), errors.As(reason, &expired), apierrors.IsUnauthorized(reason):
		case errors.As(reason, &connect):
			return true
		case errors.As(reason, &machine) && !isConnectionLost(reason):
			// what SSH explains otherwise, keys and passwords, is for a person
		case passes(reason):
			return true
		}
	}
	return false
}

func isConnectionLost(err error) bool {
	var lost *remote.LostError
	var tunnel *remote.TunnelError
	return errors.As(err, &lost) || errors.As(err, &tunnel)
}

// credentialsError is an admin.conf that cannot be used for this cluster.
type credentialsError struct{ error }

func (e *credentialsError) Unwrap() error { return e.error }

// Hint implements the hint of an error.
func (e *credentialsError) Hint() string {
	return "Check that the node's SSH address leads to the machine that is meant. A machine of another cluster is never touched."
}

// ExpiredError is a certificate of a control plane that has come to its end.
type ExpiredError struct {
	File string
	End  time.Time
}

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("the certificate in %s has expired on %s", e.File, e.End.UTC().Format(time.DateOnly))
}

// Hint implements the hint of an error.
func (e *ExpiredError) Hint() string { return renewHint }

const renewHint = "Renew the certificates with the action onprem_kubernetes_certificate_renewal, or on the control plane with " +
	"`kubeadm certs renew all`, and restart its static pods. An upgrade once a year renews them on the way."

// APIError is a request to the Kubernetes API that failed.
type APIError struct {
	What string // "reading cp-1"
	Err  error
}

func (e *APIError) Error() string { return e.What + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *APIError) Unwrap() error { return e.Err }

// Hint implements the hint of an error.
func (e *APIError) Hint() string {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired:
		return "The API server's certificate is over, or this machine's clock is wrong. " + renewHint
	case apierrors.IsUnauthorized(e.Err):
		return "The API server does not accept the control plane's admin.conf. " + renewHint
	case apierrors.IsForbidden(e.Err):
		return "admin.conf has its rights from the ClusterRoleBinding kubeadm:cluster-admins. Check that it is there: " +
			"`kubectl --kubeconfig /etc/kubernetes/super-admin.conf get clusterrolebinding kubeadm:cluster-admins` on the first control plane."
	case hintOf(e.Err) != "":
		return hintOf(e.Err)
	case isStorageTrouble(e.Err):
		return "etcd has no leader. Check its members: more than half of them must run and reach each other."
	}
	return ""
}

// NotReadyError is a node that did not become what was waited for.
type NotReadyError struct {
	Node    string
	Waited  time.Duration
	Reason  string // of the last look
	Missing bool   // there is no Node object at all
}

func (e *NotReadyError) Error() string {
	return fmt.Sprintf("%s: not ready after %s: %s", e.Node, e.Waited.Round(time.Second), e.Reason)
}

// Hint implements the hint of an error.
func (e *NotReadyError) Hint() string {
	if e.Missing {
		return "The kubelet has not registered its node. Look at `journalctl -u kubelet` on the machine."
	}
	return "Look at `journalctl -u kubelet` on the machine and at the node's pods of kube-system and of the network plugin, then run again. " +
		"Where it only needs longer, raise the resource's `timeouts`."
}

// hintOf is the advice of an error, "" when it has none.
func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}
