package operate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

const (
	runDir          = "/run/onprem/" // secrets live here: it is gone after a reboot
	markerFile      = "/etc/kubernetes/onprem.json"
	virtualIPFile   = "/etc/kubernetes/manifests/kube-vip.yaml"
	kubeadmTimeout  = 30 * time.Minute // of one command of kubeadm, whose own waits end sooner
	endpointTimeout = 2 * time.Minute
)

// kubeadm runs a command of kubeadm as a job, with a document that only root may read. name is the job's.
func (w *work) kubeadm(ctx context.Context, node, name string, document []byte, command ...string) error {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	file := runDir + name + ".yaml"
	if _, err := conn.WriteFile(ctx, file, document, 0o600); err != nil {
		return err
	}
	argv := append(append([]string{"kubeadm"}, command...), "--config", file)
	_, err = conn.RunJob(ctx, remote.Job{Name: name, Argv: argv, Timeout: kubeadmTimeout}, w.phases(ctx, node))
	// A job that was not seen to its end may not have read its file yet.
	if interrupted := (*remote.InterruptedError)(nil); errors.As(err, &interrupted) {
		return err
	}
	err = withoutSecrets(err)
	if exit := (*remote.ExitError)(nil); errors.As(err, &exit) && strings.Contains(exit.Output, "kubelet is not healthy") {
		exit.Output += "\nthe kubelet's last words:\n" + w.kubeletWords(ctx, node)
	}
	return errors.Join(err, conn.Remove(ctx, file))
}

// begun are the phases of kubeadm init up to the API's first answer; what follows them can be repeated.
const begun = "preflight,certs,kubeconfig,etcd,control-plane,kubelet-start,wait-control-plane"

// init makes the first control plane, or finishes the init of a run that was cut off.
func (w *work) init(ctx context.Context, step kubeadm.Step) error {
	key, err := newCertificateKey()
	if err != nil {
		return err
	}
	document, err := kubeadm.InitDocument(w.target.Cluster, step.Node, kubeadm.InitOptions{CertificateKey: key})
	if err != nil {
		return err
	}
	if err := w.writeVirtualIP(ctx, step.Node, kubeadm.SuperAdminConf); err != nil {
		return err
	}
	// Neither the token nor the key is to stand in a log; who joins gets others.
	job, command := "kubeadm-init", []string{"init", "--upload-certs", "--skip-token-print", "--skip-certificate-key-print"}
	if step.Action == kubeadm.FinishInit {
		job, command = "kubeadm-finish-init", append(command, "--skip-phases", begun)
	}
	if err := w.kubeadm(ctx, step.Node, job, document, command...); err != nil {
		return err
	}
	if err := w.markJoined(ctx, step.Node); err != nil {
		return err
	}
	if err := w.identify(ctx); err != nil {
		return err
	}
	w.mu.Lock()
	w.certificateKey = key
	w.mu.Unlock()
	return w.virtualAddress(ctx, step.Node)
}

// identify learns the certificate authority of a cluster that was just made: from now on no machine of another one is
// touched.
func (w *work) identify(ctx context.Context) error {
	hash, err := w.api.caHash(ctx)
	if err != nil {
		return err
	}
	t := w.target
	t.CAHash = hash
	w.retarget(t)
	return nil
}

func newCertificateKey() (string, error) {
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(key[:]), nil
}

// markJoined says in the marker that kubeadm has finished on the machine.
func (w *work) markJoined(ctx context.Context, node string) error {
	return w.mark(ctx, node, func(o *kubeadm.Owner) {
		o.Joined = true
		o.KubeletArgs = argumentNames(w.target.Cluster.Nodes[node].KubeletArgs)
	})
}

func argumentNames(args []kubeadm.Argument) []string {
	var names []string
	for _, a := range args {
		names = append(names, a.Name)
	}
	return names
}

// writeVirtualIP writes kube-vip's manifest, when the cluster has one.
func (w *work) writeVirtualIP(ctx context.Context, node, kubeconfig string) error {
	v := w.target.Cluster.VirtualIP
	if v == nil {
		return nil
	}
	manifest, err := kubeadm.VirtualIPManifest(*v, w.target.Cluster.BindPort(), kubeconfig)
	if err != nil {
		return err
	}
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	_, err = conn.WriteFile(ctx, virtualIPFile, manifest, 0o600)
	return err
}

// virtualAddress makes kube-vip of a control plane as it is to be, and waits until the API answers at its endpoint.
func (w *work) virtualAddress(ctx context.Context, node string) error {
	if err := w.writeVirtualIP(ctx, node, kubeadm.AdminConf); err != nil {
		return err
	}
	return w.awaitEndpoint(ctx, node)
}

// awaitEndpoint waits until the API answers at the cluster's endpoint, asked from one of its machines.
func (w *work) awaitEndpoint(ctx context.Context, node string) error {
	endpoint := w.target.Cluster.Endpoint
	w.tell(ctx, node, "waiting for the API at "+endpoint)
	if err := w.api.awaitLive(ctx, node, endpoint, endpointTimeout); err != nil {
		return &EndpointError{Endpoint: endpoint, Node: node, VirtualIP: w.target.Cluster.VirtualIP != nil, Err: err}
	}
	return nil
}

// awaitLocalAPI waits until the API server of a control plane answers itself.
func (w *work) awaitLocalAPI(ctx context.Context, node string) error {
	address := net.JoinHostPort(w.target.Cluster.Nodes[node].Address, w.target.Cluster.BindPort())
	return w.api.awaitLive(ctx, node, address, endpointTimeout)
}

// EndpointError is an API that does not answer at its endpoint.
type EndpointError struct {
	Endpoint  string
	Node      string // asked from there
	VirtualIP bool   // the endpoint is kube-vip's
	Err       error
}

func (e *EndpointError) Error() string {
	return fmt.Sprintf("the API does not answer at %s, asked from %s: %v", e.Endpoint, e.Node, e.Err)
}

// Unwrap returns the cause.
func (e *EndpointError) Unwrap() error { return e.Err }

// Hint implements the hint of an error.
func (e *EndpointError) Hint() string {
	if e.VirtualIP {
		return "kube-vip on the control planes puts the address there. Its log on " + e.Node + " says why it does not: " +
			"`crictl logs $(crictl ps -aq --name kube-vip | head -n 1)`. Check the interface of the virtual address, too."
	}
	return "The load balancer at that address must pass connections on to port 6443 of the control planes."
}
