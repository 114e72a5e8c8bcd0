package machines

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/onprem-tools/terraform-provider-onprem/internal/nodelab"
)

// What the tests know about the cluster they have not from the provider, but
// from the API through the virtual address, from etcd, and from the machines.

// api is a client with the administrator's kubeconfig of a control plane, which
// goes to the cluster's endpoint.
func api(t *testing.T, m *nodelab.Node) kubernetes.Interface {
	t.Helper()
	conf, err := m.Exec(t.Context(), "cat /etc/kubernetes/admin.conf")
	if err != nil {
		t.Fatal(err)
	}
	c, err := clientcmd.RESTConfigFromKubeConfig([]byte(conf))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// nodes returns the Node objects by name.
func nodes(t *testing.T, m *nodelab.Node) map[string]corev1.Node {
	t.Helper()
	list, err := api(t, m).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]corev1.Node{}
	for _, n := range list.Items {
		found[n.Name] = n
	}
	return found
}

// wantReady fails the test unless exactly these nodes exist, Ready, schedulable
// and of the version.
func wantReady(t *testing.T, m *nodelab.Node, version string, names ...string) {
	t.Helper()
	found := nodes(t, m)
	if len(found) != len(names) {
		t.Errorf("%d nodes, want %d", len(found), len(names))
	}
	for _, name := range names {
		n, ok := found[name]
		if !ok {
			t.Errorf("there is no node %s", name)
			continue
		}
		if v := n.Status.NodeInfo.KubeletVersion; v != version {
			t.Errorf("%s has a kubelet of %s, want %s", name, v, version)
		}
		if n.Spec.Unschedulable {
			t.Errorf("%s is cordoned", name)
		}
		if !isReady(n) {
			t.Errorf("%s is not Ready", name)
		}
	}
}

func isReady(n corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// wantMembers fails the test unless etcd, asked on m, has exactly these members,
// and each of them answers.
func wantMembers(t *testing.T, m *nodelab.Node, names ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, file := range []string{"ca.crt", "healthcheck-client.crt", "healthcheck-client.key"} {
		content, err := m.Exec(t.Context(), "cat /etc/kubernetes/pki/etcd/"+file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "healthcheck-client.crt"), filepath.Join(dir, "healthcheck-client.key"))
	if err != nil {
		t.Fatal(err)
	}
	// The machines' certificates are those of a LAN in a test; what is asked is who is a member.
	config := &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true} // see above
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client, err := clientv3.New(clientv3.Config{Context: ctx, Endpoints: []string{"https://" + m.Address + ":2379"}, TLS: config})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	list, err := client.MemberList(ctx)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, member := range list.Members {
		found[member.Name] = true
		if member.IsLearner {
			t.Errorf("etcd member %s is a learner", member.Name)
		}
		if len(member.ClientURLs) == 0 {
			t.Errorf("etcd member %s has never started", member.Name)
			continue
		}
		if _, err := client.Status(ctx, member.ClientURLs[0]); err != nil {
			t.Errorf("etcd member %s is not healthy: %v", member.Name, err)
		}
	}
	if len(found) != len(names) {
		t.Errorf("etcd has the members %v, want %v", found, names)
	}
	for _, name := range names {
		if !found[name] {
			t.Errorf("%s is no member of etcd", name)
		}
	}
}

// initialisations is how often kubeadm init ran on the machines since they got
// their disk.
func (s *site) initialisations(t *testing.T) int {
	t.Helper()
	n := 0
	for name, m := range s.machines {
		out, err := m.Exec(t.Context(), `journalctl --no-pager --output=cat _PID=1 | grep -c '^Started onprem-kubeadm-init.service' || true`)
		if err != nil {
			t.Fatal(err)
		}
		var count int
		if _, err := fmt.Sscan(out, &count); err != nil {
			t.Fatalf("%s: %q: %v", name, out, err)
		}
		n += count
	}
	return n
}

// holder is the machine that has the virtual address.
func (s *site) holder(t *testing.T) *nodelab.Node {
	t.Helper()
	for _, m := range s.machines {
		out, err := m.Exec(t.Context(), "ip -o addr show dev eth0")
		if err == nil && strings.Contains(out, virtualIP+"/") {
			return m
		}
	}
	t.Fatal("no machine has the virtual address")
	return nil
}

// prober asks the API through the virtual address over and over.
type prober struct {
	stop     context.CancelFunc
	done     chan struct{}
	asked    int
	failures []time.Time
	last     error
}

// probe begins to ask every interval.
func probe(ctx context.Context, interval time.Duration) *prober {
	ctx, stop := context.WithCancel(ctx)
	p := &prober{stop: stop, done: make(chan struct{})}
	// Each request has a connection of its own: it must not outlive a move of the address.
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // asks whether it answers
	}}
	go func() {
		defer close(p.done)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			p.asked++
			if err := livez(ctx, client); err != nil && ctx.Err() == nil {
				p.failures, p.last = append(p.failures, time.Now()), err
			}
		}
	}()
	return p
}

// end stops asking.
func (p *prober) end() {
	p.stop()
	<-p.done
}

// longest is the longest time in which nothing but failures came.
func (p *prober) longest(interval time.Duration) time.Duration {
	var longest time.Duration
	for i := 0; i < len(p.failures); {
		j := i
		// A failed request may itself take a second.
		for j+1 < len(p.failures) && p.failures[j+1].Sub(p.failures[j]) < time.Second+2*interval {
			j++
		}
		longest = max(longest, p.failures[j].Sub(p.failures[i])+interval)
		i = j + 1
	}
	return longest
}

func livez(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+virtualIP+":6443/livez", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("livez: %s", resp.Status)
	}
	return nil
}
