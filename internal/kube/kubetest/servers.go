package kubetest

import (
	"context"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Namespaces that exist in every cluster.
const (
	MetalLBNamespace  = "metallb-system"
	CalicoNamespace   = "calico-system"
	KubeVirtNamespace = "kubevirt-test"
)

// webhookPort is where MetalLB 0.15 serves its webhook; no flag changes it.
const webhookPort = 9443

// webhookCertificates is where MetalLB 0.15 looks for its certificate below the temporary directory, whatever its
// flag --cert-dir says: controller-runtime's default.
const webhookCertificates = "tmp/k8s-webhook-server/serving-certs"

// prepare makes the folder, the ports and the certificates.
func (r *run) prepare(context.Context) (err error) {
	if err := os.RemoveAll(r.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(r.dir, webhookCertificates), 0o700); err != nil {
		return err
	}
	if r.port, err = freePort(); err != nil {
		return err
	}
	if r.calico, err = freePort(); err != nil {
		return err
	}
	return r.certificates()
}

// awaitWebhookPort waits until a MetalLB that was here before has let go of its port.
func (r *run) awaitWebhookPort(ctx context.Context) error {
	return r.await(ctx, "the port of MetalLB's webhook", func() error {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", webhookPort))
		if err != nil {
			return err
		}
		return l.Close()
	})
}

func (r *run) certificates() (err error) {
	if r.ca, err = newAuthority(r.dir, "ca"); err != nil {
		return err
	}
	if r.front, err = newAuthority(r.dir, "front-proxy-ca"); err != nil {
		return err
	}
	admin := pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}}
	if err := r.ca.issue(r.dir, "admin", admin); err != nil {
		return err
	}
	if err := r.front.issue(r.dir, "front-proxy", pkix.Name{CommonName: "front-proxy-client"}); err != nil {
		return err
	}
	if err := r.ca.issue(r.dir, "apiserver", pkix.Name{CommonName: "kube-apiserver"}, "localhost", "kubernetes.default.svc"); err != nil {
		return err
	}
	if err := r.ca.issue(r.dir, "calico", pkix.Name{CommonName: "calico-apiserver"}, "localhost", calicoService+"."+CalicoNamespace+".svc"); err != nil {
		return err
	}
	return r.ca.issue(filepath.Join(r.dir, webhookCertificates), "tls", pkix.Name{CommonName: "metallb-webhook"}, "localhost")
}

// writeKubeconfig puts the certificates into the file, so that it may be copied.
func (c *Cluster) writeKubeconfig(context.Context) error {
	cert, err := os.ReadFile(c.run.file("admin.crt"))
	if err != nil {
		return err
	}
	key, err := os.ReadFile(c.run.file("admin.key"))
	if err != nil {
		return err
	}
	err = writeKubeconfig(c.kubeconfig, fmt.Sprintf("https://127.0.0.1:%d", c.run.port), c.run.ca.pem,
		&clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key})
	if err != nil {
		return err
	}
	return c.connect()
}

func writeKubeconfig(path, server string, ca []byte, user *clientcmdapi.AuthInfo) error {
	const name = "kubetest"
	return clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{name: {Server: server, CertificateAuthorityData: ca}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name: user},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}, path)
}

func (r *run) file(name string) string { return filepath.Join(r.dir, name) }

func (r *run) startEtcd(context.Context) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	r.etcd = fmt.Sprintf("http://127.0.0.1:%d", port)
	return r.launch("etcd", nil, []string{
		"--data-dir=" + r.file("etcd"),
		"--listen-client-urls=" + r.etcd,
		"--advertise-client-urls=" + r.etcd,
		"--listen-peer-urls=http://127.0.0.1:0",
		"--unsafe-no-fsync", // the data is thrown away anyway
		"--log-level=warn",
	})
}

func (r *run) startKubernetes(context.Context) error {
	return r.launch("kube-apiserver", nil, []string{
		"--etcd-servers=" + r.etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(r.port),
		"--tls-cert-file=" + r.file("apiserver.crt"),
		"--tls-private-key-file=" + r.file("apiserver.key"),
		"--client-ca-file=" + r.file("ca.crt"),
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=172.31.255.0/24",
		"--endpoint-reconciler-type=none",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + r.file("apiserver.key"),
		"--service-account-signing-key-file=" + r.file("apiserver.key"),
		"--disable-admission-plugins=ServiceAccount", // no controller makes the accounts it waits for
		// Who Calico's API server believes when it is told which user a request comes from.
		"--requestheader-client-ca-file=" + r.file("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + r.file("front-proxy.crt"),
		"--proxy-client-key-file=" + r.file("front-proxy.key"),
	})
}

func (r *run) startCalico(context.Context) error {
	// Calico's client of kube-apiserver sends five requests a second unless told otherwise (libcalico-go, apiconfig),
	// which is what a create of 1,000 objects would wait for.
	env := []string{"DATASTORE_TYPE=kubernetes", "KUBECONFIG=" + r.file("kubeconfig"), "CALICO_K8SCLIENTQPS=1000"}
	return r.launch("calico-apiserver", env, []string{
		"--kubeconfig=" + r.file("kubeconfig"),
		"--authentication-kubeconfig=" + r.file("kubeconfig"),
		"--authorization-kubeconfig=" + r.file("kubeconfig"),
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(r.calico),
		"--tls-cert-file=" + r.file("calico.crt"),
		"--tls-private-key-file=" + r.file("calico.key"),
	})
}

func (r *run) startMetalLB(context.Context) error {
	metrics, err := freePort()
	if err != nil {
		return err
	}
	env := []string{"TMPDIR=" + r.file("tmp"), "KUBECONFIG=" + r.file("kubeconfig"), "METALLB_BGP_TYPE=frr"}
	return r.launch("metallb-controller", env, []string{
		"--namespace=" + MetalLBNamespace,
		"--webhook-mode=onlywebhook",
		"--disable-cert-rotation",
		"--port=" + strconv.Itoa(metrics),
	})
}

// awaitKubernetes also sees to it that the namespaces exist.
func (c *Cluster) awaitKubernetes(ctx context.Context) error {
	client, err := c.httpClient()
	if err != nil {
		return err
	}
	err = c.run.await(ctx, "kube-apiserver", func() error { return get(ctx, client, c.config.Host+"/readyz") })
	if err != nil {
		return err
	}
	for _, name := range []string{MetalLBNamespace, CalicoNamespace, KubeVirtNamespace} {
		if err := c.create(ctx, namespace(name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) awaitCalico(ctx context.Context) error {
	client, err := c.httpClient()
	if err != nil {
		return err
	}
	return c.run.await(ctx, "projectcalico.org/v3", func() error {
		return get(ctx, client, c.config.Host+"/apis/projectcalico.org/v3/bgppeers")
	})
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}
