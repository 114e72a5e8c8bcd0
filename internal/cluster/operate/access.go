package operate

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// controlPlanes are the nodes through which the API and etcd may be reached: the
// wanted control planes, then machines whose role is not known here, which
// admin.conf tells.
func (t Target) controlPlanes() []string {
	var known, others []string
	for node := range t.Access {
		wanted, ok := t.Cluster.Nodes[node]
		switch {
		case !ok:
			others = append(others, node)
		case wanted.Role == kubeadm.ControlPlane:
			known = append(known, node)
		}
	}
	slices.Sort(known)
	slices.Sort(others)
	return append(known, others...)
}

// Kubeconfig is admin.conf of the first control plane that has it for this
// cluster. It is a secret.
func (o *Operator) Kubeconfig(ctx context.Context, t Target) ([]byte, error) {
	failed := &UnreachableError{Reasons: map[string]error{}}
	for _, node := range t.controlPlanes() {
		content, err := o.adminConf(ctx, t, node)
		if err == nil {
			return content, nil
		}
		failed.Reasons[node] = err
	}
	return nil, failed
}

func (o *Operator) adminConf(ctx context.Context, t Target, node string) ([]byte, error) {
	conn, err := o.conn(ctx, t, node)
	if err != nil {
		return nil, err
	}
	files, err := conn.ReadFiles(ctx, kubeadm.AdminConf)
	if err != nil {
		return nil, err
	}
	_, err = credentials(files[kubeadm.AdminConf], t.CAHash)
	return files[kubeadm.AdminConf], err
}

// JoinToken is what a machine needs to join as a worker. Token is a secret.
type JoinToken struct {
	Token    string // id.secret
	CAHash   string // for kubeadm's caCertHashes
	Endpoint string // the cluster's, host:port
	Expires  time.Time
}

// JoinToken makes a bootstrap token that ends by itself after ttl.
func (o *Operator) JoinToken(ctx context.Context, t Target, ttl time.Duration) (JoinToken, error) {
	a := o.api(t)
	stored, err := a.configuration(ctx)
	if err != nil {
		return JoinToken{}, err
	}
	hash, err := a.caHash(ctx)
	if err != nil {
		return JoinToken{}, err
	}
	token, err := a.joinToken(ctx, ttl)
	return JoinToken{Token: token, CAHash: hash, Endpoint: stored.Endpoint, Expires: time.Now().Add(ttl)}, err
}

const (
	secretsPath = "/api/v1/namespaces/kube-system/secrets"
	tokenPrefix = "bootstrap-token-"
)

// joinToken makes a bootstrap token, as kubeadm token create does.
func (a *api) joinToken(ctx context.Context, ttl time.Duration) (string, error) {
	random := strings.ToLower(rand.Text())
	id, secret := random[:6], random[6:22]
	err := a.create(ctx, &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: tokenPrefix + id},
		Type:       corev1.SecretTypeBootstrapToken,
		StringData: map[string]string{
			"token-id":                       id,
			"token-secret":                   secret,
			"expiration":                     time.Now().Add(ttl).UTC().Format(time.RFC3339),
			"usage-bootstrap-authentication": "true",
			"usage-bootstrap-signing":        "true",
			"auth-extra-groups":              "system:bootstrappers:kubeadm:default-node-token",
		},
	}, secretsPath)
	return id + "." + secret, err
}

// revokeToken ends a bootstrap token.
func (a *api) revokeToken(ctx context.Context, token string) error {
	id, _, _ := strings.Cut(token, ".")
	return a.delete(ctx, secretsPath, tokenPrefix+id)
}
