package operate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

const (
	clusterConfiguration = "ClusterConfiguration" // key of ConfigMap kubeadm-config
	kubeletConfiguration = "kubelet"              // key of ConfigMap kubelet-config
	kubeletConfigFile    = "/var/lib/kubelet/config.yaml"
	kubeletFlagsFile     = "/var/lib/kubelet/kubeadm-flags.env"
	kubeletFlags         = "KUBELET_KUBEADM_ARGS"
	manifestsDir         = "/etc/kubernetes/manifests/"

	// componentTimeout bounds the wait for a static pod with a new manifest. The kubelet looks at its folder every 20 s,
	// and waits for the old pod to end.
	componentTimeout = 4 * time.Minute
)

// components are the static pods that kubeadm makes, etcd first: the others need it.
var components = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}

//go:embed scripts/certificate.sh
var certificateScript string

// configure rewrites the manifests of a control plane, and waits until what they describe runs.
func (w *work) configure(ctx context.Context, step kubeadm.Step) error {
	if err := w.restoreImages(ctx, step.Node, step.Role); err != nil {
		return err
	}
	stored, err := w.storedConfiguration(ctx)
	if err != nil {
		return err
	}
	document, err := kubeadm.ConfigureDocument(w.target.Cluster, step.Node, stored)
	if err != nil {
		return err
	}
	if w.target.Cluster.Etcd.External == nil && strings.Contains(step.Words, kubeadm.EtcdArguments) {
		// etcd keeps its members in its data: that this manifest names the machine as the only one changes nothing.
		if err := w.kubeadm(ctx, step.Node, "kubeadm-configure", document, "init", "phase", "etcd", "local"); err != nil {
			return err
		}
	}
	if err := w.kubeadm(ctx, step.Node, "kubeadm-configure", document, "init", "phase", "control-plane", "all"); err != nil {
		return err
	}
	return w.awaitComponents(ctx, step.Node)
}

// awaitComponents waits until every static pod of a control plane runs as its manifest says.
func (w *work) awaitComponents(ctx context.Context, node string) error {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	var paths []string
	for _, c := range components {
		paths = append(paths, manifestsDir+c+".yaml")
	}
	manifests, err := conn.ReadFiles(ctx, paths...)
	if err != nil {
		return err
	}
	for _, component := range components {
		manifest, ok := manifests[manifestsDir+component+".yaml"]
		if !ok {
			continue // etcd is elsewhere
		}
		want, ok := firstContainer(manifest)
		if !ok {
			return fmt.Errorf("%s: the manifest of %s cannot be read", node, component)
		}
		err := wait(ctx, fmt.Sprintf("%s: %s with its new arguments", node, component), componentTimeout, func(ctx context.Context) (bool, string) {
			return w.runs(ctx, node, component, want)
		})
		if late := (*TimeoutError)(nil); errors.As(err, &late) {
			late.Reason += "; the kubelet's words:\n" + w.kubeletWords(ctx, node)
			late.Advice = fmt.Sprintf("Its log on the machine says why: `crictl logs $(crictl ps -aq --name %s | head -n 1)`. Correct its arguments.", component)
		}
		if err != nil {
			return err
		}
	}
	return w.awaitLocalAPI(ctx, node)
}

// runs reports whether a static pod runs as its manifest's container says, by the pod that the kubelet shows for it.
func (w *work) runs(ctx context.Context, node, component string, want corev1.Container) (bool, string) {
	var pod corev1.Pod
	if err := w.api.get(ctx, &pod, "/api/v1/namespaces/kube-system/pods", component+"-"+node); err != nil {
		return false, err.Error()
	}
	have := pod.Spec.Containers
	if len(have) == 0 || have[0].Image != want.Image || !slices.Equal(arguments(have[0]), arguments(want)) {
		return false, "the kubelet has not taken up the manifest yet"
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
			return true, ""
		}
	}
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Waiting != nil {
			return false, strings.TrimSpace(c.State.Waiting.Reason + " " + c.State.Waiting.Message)
		}
	}
	return false, "it is not ready"
}

// certificate gives a control plane's API server a certificate with the wanted names.
func (w *work) certificate(ctx context.Context, step kubeadm.Step) error {
	stored, err := w.storedConfiguration(ctx)
	if err != nil {
		return err
	}
	document, err := kubeadm.ConfigureDocument(w.target.Cluster, step.Node, stored)
	if err != nil {
		return err
	}
	conn, err := w.conn(ctx, w.target, step.Node)
	if err != nil {
		return err
	}
	file := runDir + "certificate.yaml"
	if _, err := conn.WriteFile(ctx, file, document, 0o600); err != nil {
		return err
	}
	_, err = conn.RunJob(ctx, remote.Job{Name: "certificate", Argv: []string{"sh", "-c", certificateScript, "sh", file}, Timeout: kubeadmTimeout}, w.phases(ctx, step.Node))
	if err != nil {
		return err
	}
	return errors.Join(w.awaitCertificate(ctx, conn, step.Node), conn.Remove(ctx, file))
}

// awaitCertificate waits until the API server shows the certificate that is in its file: it looks at it every minute.
func (w *work) awaitCertificate(ctx context.Context, conn *remote.Conn, node string) error {
	content, err := conn.ReadFile(ctx, "/etc/kubernetes/pki/apiserver.crt")
	if err != nil {
		return err
	}
	want, err := parseCertificate(content)
	if err != nil {
		return err
	}
	address := net.JoinHostPort(w.target.Cluster.Nodes[node].Address, w.target.Cluster.BindPort())
	return wait(ctx, node+": the API server's new certificate", endpointTimeout, func(ctx context.Context) (bool, string) {
		have, err := shownCertificate(ctx, conn, address)
		switch {
		case err != nil:
			return false, err.Error()
		case !have.Equal(want):
			return false, "it still shows the old one"
		}
		return true, ""
	})
}

// shownCertificate is what a server shows, whatever it is worth.
func shownCertificate(ctx context.Context, conn *remote.Conn, address string) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	raw, err := conn.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	client := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, ServerName: apiName}) // it is looked at, not trusted
	if err := client.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return client.ConnectionState().PeerCertificates[0], nil
}

// configureKubelet changes a kubelet's configuration and arguments, and restarts it when that changed anything.
func (w *work) configureKubelet(ctx context.Context, step kubeadm.Step) error {
	conn, err := w.conn(ctx, w.target, step.Node)
	if err != nil {
		return err
	}
	files, err := conn.ReadFiles(ctx, kubeletConfigFile, kubeletFlagsFile, markerFile)
	if err != nil {
		return err
	}
	config, err := kubeadm.MergeKubelet(files[kubeletConfigFile], w.target.Cluster.Kubelet, w.seen.KubeletOwned)
	if err != nil {
		return err
	}
	var owner kubeadm.Owner
	if content, ok := files[markerFile]; ok {
		if err := json.Unmarshal(content, &owner); err != nil {
			return fmt.Errorf("%s: %s cannot be read: %w", step.Node, markerFile, err)
		}
	}
	flags := mergeKubeletFlags(string(files[kubeletFlagsFile]), w.target.Cluster.Nodes[step.Node].KubeletArgs, owner.KubeletArgs)
	configChanged, err := conn.WriteFile(ctx, kubeletConfigFile, config, 0o644)
	if err != nil {
		return err
	}
	flagsChanged, err := conn.WriteFile(ctx, kubeletFlagsFile, []byte(flags), 0o644)
	if err != nil {
		return err
	}
	if configChanged || flagsChanged {
		if err := w.restartKubelet(ctx, step.Node); err != nil {
			return err
		}
	}
	if err := w.awaitKubelet(ctx, conn, step.Node); err != nil {
		return err
	}
	if err := w.markJoined(ctx, step.Node); err != nil {
		return err
	}
	return w.awaitReady(ctx, step.Node, "")
}

const kubeletTimeout = time.Minute

// awaitKubelet waits until a kubelet that was restarted answers: a node stays Ready for a while when its kubelet dies
// of a setting.
func (w *work) awaitKubelet(ctx context.Context, conn *remote.Conn, node string) error {
	err := wait(ctx, node+": its kubelet with the new settings", kubeletTimeout, func(ctx context.Context) (bool, string) {
		c, err := conn.DialContext(ctx, "tcp", "127.0.0.1:10248") // healthz
		if err == nil {
			err = c.Close()
		}
		return reasonOf(err)
	})
	if late := (*TimeoutError)(nil); errors.As(err, &late) {
		late.Reason = "the kubelet's last words:\n" + w.kubeletWords(ctx, node)
		late.Advice = "Correct the kubelet's settings."
	}
	return err
}

// mergeKubeletFlags changes the file in which kubeadm keeps the kubelet's arguments: those that this provider put and
// that are wanted no more go, all others stay.
func mergeKubeletFlags(file string, want []kubeadm.Argument, owned []string) string {
	replaced := append(argumentNames(want), owned...)
	var flags []string
	for flag := range strings.FieldsSeq(kubeletArgs(file)) {
		name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		if !slices.Contains(replaced, name) {
			flags = append(flags, flag)
		}
	}
	for _, a := range want {
		flags = append(flags, "--"+a.Name+"="+a.Value)
	}
	return fmt.Sprintf("%s=%q\n", kubeletFlags, strings.Join(flags, " "))
}

// store keeps in the cluster what every node has by now, for kubeadm's next join or upgrade.
func (w *work) store(ctx context.Context) error {
	if err := w.api.changeConfigMap(ctx, kubeadmConfig, func(m *corev1.ConfigMap) error {
		merged, err := kubeadm.Merge([]byte(m.Data[clusterConfiguration]), w.target.Cluster)
		if err != nil {
			return err
		}
		m.Data[clusterConfiguration] = string(merged)
		return nil
	}); err != nil {
		return err
	}
	return w.api.changeConfigMap(ctx, kubeletConfig, func(m *corev1.ConfigMap) error {
		merged, err := kubeadm.MergeKubelet([]byte(m.Data[kubeletConfiguration]), w.target.Cluster.Kubelet, ownedFields(m))
		if err != nil {
			return err
		}
		fields, err := kubeadm.KubeletFields(w.target.Cluster.Kubelet)
		if err != nil {
			return err
		}
		m.Data[kubeletConfiguration] = string(merged)
		return setOwnedFields(m, fields)
	})
}

// noteKubeletFields notes anew which of the kubelets' settings are this provider's: kubeadm upgrade writes the
// ConfigMap without the note.
func (w *work) noteKubeletFields(ctx context.Context, fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	return w.api.changeConfigMap(ctx, kubeletConfig, func(m *corev1.ConfigMap) error { return setOwnedFields(m, fields) })
}

func setOwnedFields(m *corev1.ConfigMap, fields []string) error {
	list, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	metav1.SetMetaDataAnnotation(&m.ObjectMeta, kubeadm.OwnedAnnotation, string(list))
	return nil
}

// label makes a node's labels and taints as wanted.
func (w *work) label(ctx context.Context, node string) error {
	return w.api.labelNode(ctx, node, w.target.Cluster.Nodes[node])
}
