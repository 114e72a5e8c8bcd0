package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// joinTokenTTL bounds the life of a token that a cut-off run could not take back. A join needs it for its first minute.
const joinTokenTTL = 15 * time.Minute

// join makes a machine a node of the cluster.
func (w *work) join(ctx context.Context, step kubeadm.Step) error {
	options := kubeadm.JoinOptions{CAHashes: []string{w.target.CAHash}}
	var err error
	if step.Role == kubeadm.ControlPlane {
		if options.CertificateKey, err = w.uploadCertificates(ctx); err != nil {
			return err
		}
		if err := w.writeVirtualIP(ctx, step.Node, kubeadm.AdminConf); err != nil {
			return err
		}
	}
	token, err := w.api.joinToken(ctx, joinTokenTTL)
	if err != nil {
		return err
	}
	options.Token = token
	defer w.revoke(ctx, token)
	document, err := kubeadm.JoinDocument(w.target.Cluster, step.Node, options)
	if err != nil {
		return err
	}
	err = w.kubeadm(ctx, step.Node, "kubeadm-join", document, "join")
	if beforeChange(err) {
		w.tell(ctx, step.Node, "kubeadm got no answer before it had changed anything: once more")
		err = w.kubeadm(ctx, step.Node, "kubeadm-join", document, "join")
	}
	if err != nil {
		return err
	}
	if err := w.markJoined(ctx, step.Node); err != nil {
		return err
	}
	if step.Role == kubeadm.ControlPlane {
		if err := w.awaitMember(ctx, step.Node); err != nil {
			return err
		}
		if err := w.awaitLocalAPI(ctx, step.Node); err != nil {
			return err
		}
	}
	// That it is Ready is waited for later, for all nodes at once.
	return w.api.awaitNode(ctx, step.Node, w.target.ReadyTimeout, func(kubeadm.NodeObject) string { return "" })
}

// earlyPhase is what kubeadm join says when it fails while it only asks. It does not repeat a question: one is lost when
// the virtual address is about to move, as it is while kube-vip takes up the other kubeconfig after an init.
var earlyPhase = lazyregexp.New(`error execution phase (preflight|control-plane-prepare/download-certs)\b`)

// beforeChange reports whether a join failed before it had changed the machine.
func beforeChange(err error) bool {
	exit := (*remote.ExitError)(nil)
	return errors.As(err, &exit) && earlyPhase.MatchString(exit.Output)
}

// revoke takes a token back. It would end by itself: that it cannot be taken back is no reason to fail.
func (w *work) revoke(ctx context.Context, token string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	if err := w.api.revokeToken(ctx, token); err != nil {
		w.tell(ctx, "", fmt.Sprintf("warning: the token of the join could not be deleted; it ends within %s", joinTokenTTL))
	}
}

// uploadCertificates makes sure that the certificates which a control plane needs are in the cluster, encrypted with a
// key that this operation knows, and returns it. kubeadm deletes them after two hours; no operation lasts that long.
func (w *work) uploadCertificates(ctx context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.certificateKey != "" {
		return w.certificateKey, nil
	}
	node, err := w.someControlPlane(ctx)
	if err != nil {
		return "", err
	}
	key, err := newCertificateKey()
	if err != nil {
		return "", err
	}
	document, err := kubeadm.InitDocument(w.target.Cluster, node, kubeadm.InitOptions{CertificateKey: key})
	if err != nil {
		return "", err
	}
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return "", err
	}
	file := runDir + "upload-certs.yaml"
	if _, err := conn.WriteFile(ctx, file, document, 0o600); err != nil {
		return "", err
	}
	_, err = conn.Run(ctx, remote.Command{Title: "uploading certificates", Argv: []string{
		"kubeadm", "init", "phase", "upload-certs", "--upload-certs", "--skip-certificate-key-print", "--config", file,
	}})
	if err := errors.Join(withoutSecrets(err), conn.Remove(ctx, file)); err != nil {
		return "", err
	}
	w.certificateKey = key
	return key, nil
}

// someControlPlane is a wanted control plane of the cluster that can be worked on.
func (w *work) someControlPlane(ctx context.Context) (string, error) {
	for _, node := range w.target.controlPlanes() {
		if w.target.Cluster.Nodes[node].Role != kubeadm.ControlPlane {
			continue
		}
		m, err := w.askMachine(ctx, w.target, node)
		if err == nil && m.AdminConf && m.CAHash == w.target.CAHash {
			return node, nil
		}
	}
	return "", &UnreachableError{Cluster: w.target.Cluster.Name}
}

const memberTimeout = 2 * time.Minute

// awaitMember waits until a control plane's etcd counts.
func (w *work) awaitMember(ctx context.Context, node string) error {
	if w.target.Cluster.Etcd.External != nil {
		return nil
	}
	e := w.etcd(w.target)
	defer e.close()
	err := wait(ctx, node+": its etcd member", memberTimeout, func(ctx context.Context) (bool, string) {
		members, err := e.members(ctx)
		if err != nil {
			return false, err.Error()
		}
		for _, m := range members {
			switch {
			case m.Name != node:
			case m.Learner:
				return false, "it still learns"
			case !m.Healthy:
				return false, "it does not answer"
			default:
				return true, ""
			}
		}
		return false, "etcd does not know it"
	})
	if late := (*TimeoutError)(nil); errors.As(err, &late) {
		late.Advice = "Look at etcd's log on the machine: `crictl logs $(crictl ps -aq --name etcd | head -n 1)`."
	}
	if err == nil {
		w.tell(ctx, node, "etcd member is healthy and votes")
	}
	return err
}

// awaitReady waits until a node is Ready, with a version of the kubelet unless that is "".
func (w *work) awaitReady(ctx context.Context, node, version string) error {
	networkMayMiss, err := w.networkMayMiss(ctx, node)
	if err != nil {
		return err
	}
	err = w.api.awaitNode(ctx, node, w.target.ReadyTimeout, func(n kubeadm.NodeObject) string {
		if version != "" && n.KubeletVersion != version {
			return fmt.Sprintf("its kubelet still reports version %s", n.KubeletVersion)
		}
		return notReady(n, networkMayMiss)
	})
	if failed := (*NotReadyError)(nil); errors.As(err, &failed) {
		if words := w.kubeletWords(ctx, node); words != "" {
			failed.Reason += "; the kubelet's last words:\n" + words
		}
	}
	return err
}

// networkMayMiss reports whether a node without a network is all that can be had: while neither another node has one
// nor this machine a configuration for it, the network plugin is still to be brought by the cluster's owner.
func (w *work) networkMayMiss(ctx context.Context, node string) (bool, error) {
	nodes, err := w.api.nodes(ctx)
	if err != nil {
		return false, err
	}
	for name, n := range nodes {
		if name != node && n.Ready {
			return false, nil
		}
	}
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return false, err
	}
	result, err := conn.Run(ctx, remote.Script("looking for a network plugin", "ls -A /etc/cni/net.d 2>/dev/null || :"))
	return result.Text() == "", err
}

// kubeletWords are the kubelet's last words on a machine, "" when it cannot be asked.
func (w *work) kubeletWords(ctx context.Context, node string) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return ""
	}
	result, err := conn.Run(ctx, remote.Command{Title: "reading the kubelet's journal", Argv: []string{
		"journalctl", "--unit=kubelet", "--lines=300", "--no-pager", "--output=cat", "--quiet",
	}})
	if err != nil {
		return ""
	}
	return tellingWords(result.Text())
}

// tellingWords are the lines of a kubelet's journal that say why a pod does not start, or else the last ones: most of
// what a kubelet writes is about an API that does not answer, which is then a consequence.
func tellingWords(journal string) string {
	var telling []string
	for line := range strings.Lines(journal) {
		if strings.Contains(line, "Error syncing pod") {
			telling = append(telling, line)
		}
	}
	if len(telling) > 0 {
		return lastLines(strings.Join(telling[max(0, len(telling)-3):], ""))
	}
	return lastLines(journal)
}
