package operate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// etcdMember is a real member on a machine.
type etcdMember struct {
	*machine
	cmd *exec.Cmd
}

// startEtcd starts members of one etcd, each on a control plane of its own.
func startEtcd(t *testing.T, nodes ...string) (Target, map[string]*etcdMember) {
	t.Helper()
	program, err := filepath.Abs("../../../.tools/bin/etcd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil && os.Getenv("CI") == "" {
		t.Skip("etcd is not built: run `make tools-test`")
	}
	ca := newAuthority(t)
	peers, clients := map[string]string{}, map[string]string{}
	var initial []string
	for _, node := range nodes {
		clients[node], peers[node] = freeAddress(t), freeAddress(t)
		initial = append(initial, node+"=http://"+peers[node])
	}
	members, machines := map[string]*etcdMember{}, map[string]*machine{}
	for _, node := range nodes {
		m := newMachine(t)
		m.tunnels[etcdAddresses[0]] = clients[node]
		cert, key := ca.issue(t, time.Now().Add(time.Hour), "localhost")
		for name, content := range map[string][]byte{"ca.crt": ca.pem, "healthcheck-client.crt": cert, "healthcheck-client.key": key} {
			m.write(t, "etc/kubernetes/pki/etcd/"+name, string(content))
		}
		dir := filepath.Join(m.root, "etc/kubernetes/pki/etcd")
		cmd := exec.Command(program,
			"--name="+node, "--data-dir="+filepath.Join(m.root, "data"), "--log-level=error", "--unsafe-no-fsync",
			"--heartbeat-interval=50", "--election-timeout=500",
			"--listen-client-urls=https://"+clients[node], "--advertise-client-urls=https://"+clients[node],
			"--listen-peer-urls=http://"+peers[node], "--initial-advertise-peer-urls=http://"+peers[node],
			"--initial-cluster="+strings.Join(initial, ","), "--strict-reconfig-check=false",
			"--client-cert-auth", "--trusted-ca-file="+dir+"/ca.crt", "--cert-file="+dir+"/healthcheck-client.crt", "--key-file="+dir+"/healthcheck-client.key")
		cmd.Stderr = t.Output()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		members[node], machines[node] = &etcdMember{m, cmd}, m
	}
	return targetOf(machines), members
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// awaitMembers waits until the members are as accept wants them.
func awaitMembers(t *testing.T, e *etcd, accept func([]kubeadm.Member) bool) []kubeadm.Member {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		members, err := e.members(ctx)
		if err == nil && accept(members) {
			return members
		}
		if ctx.Err() != nil {
			t.Fatalf("got %+v, %v", members, err)
		}
	}
}

func healthy(n int) func([]kubeadm.Member) bool {
	return func(members []kubeadm.Member) bool {
		return len(slices.DeleteFunc(slices.Clone(members), func(m kubeadm.Member) bool { return !m.Healthy })) == n
	}
}

func leader(members []kubeadm.Member) string {
	for _, m := range members {
		if m.Leader {
			return m.Name
		}
	}
	return ""
}

func TestEtcd(t *testing.T) {
	defer func(d time.Duration) { etcdTimeout = d }(etcdTimeout)
	etcdTimeout = time.Second
	target, machines := startEtcd(t, "cp-1", "cp-2", "cp-3")
	e := newOperator(t).etcd(target)
	defer e.close()
	members := awaitMembers(t, e, healthy(3))
	names := []string{}
	for _, m := range members {
		names = append(names, m.Name)
		if m.ID == 0 || !strings.HasPrefix(m.PeerURL, "http://127.0.0.1:") || m.Learner {
			t.Errorf("got %+v", m)
		}
	}
	if !slices.Equal(names, []string{"cp-1", "cp-2", "cp-3"}) {
		t.Errorf("got members %v", names)
	}

	t.Run("the leader hands over", func(t *testing.T) {
		before := leader(members)
		for range 2 { // the second time there is nothing to do
			if err := e.moveLeader(t.Context(), before); err != nil {
				t.Fatal(err)
			}
		}
		awaitMembers(t, e, func(m []kubeadm.Member) bool { return leader(m) != "" && leader(m) != before })
	})

	t.Run("a snapshot is kept on its machine", func(t *testing.T) {
		where, err := e.snapshot(t.Context(), "cp-2")
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(machines["cp-2"].root, where))
		if err != nil {
			t.Fatal(err)
		}
		data, sum := content[:len(content)-sha256.Size], content[len(content)-sha256.Size:]
		if got := sha256.Sum256(data); !bytes.Equal(got[:], sum) || len(data)%512 != 0 {
			t.Errorf("the file of %d bytes is not a snapshot", len(content))
		}
		for path, mode := range map[string]os.FileMode{where: 0o600, filepath.Dir(where): 0o700} {
			if info, err := os.Stat(filepath.Join(machines["cp-2"].root, path)); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v", path, info.Mode(), err)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(machines["cp-2"].root, filepath.Dir(where), "*.partial")); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	})

	t.Run("a member whose machine lets nobody in is asked through another", func(t *testing.T) {
		machines["cp-3"].Down()
		defer func() {
			if err := machines["cp-3"].Up(); err != nil {
				t.Error(err)
			}
		}()
		for _, m := range []string{"cp-1", "cp-2"} { // addresses of the cluster's network lead where they say
			machines[m].through = true
		}
		awaitMembers(t, e, healthy(3))
	})

	t.Run("a dead member is removed", func(t *testing.T) {
		if err := machines["cp-3"].cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		members := awaitMembers(t, e, healthy(2))
		dead := members[2]
		if dead.Name != "cp-3" || dead.Healthy {
			t.Fatalf("got %+v", members)
		}
		for range 2 { // the second time it is gone already
			if err := e.remove(t.Context(), dead.ID); err != nil {
				t.Fatal(err)
			}
		}
		awaitMembers(t, e, func(m []kubeadm.Member) bool { return len(m) == 2 && healthy(2)(m) })
	})

	t.Run("without a quorum the members are still known", func(t *testing.T) {
		if err := machines["cp-2"].cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		awaitMembers(t, e, func(m []kubeadm.Member) bool { return len(m) == 2 && healthy(0)(m) })
		if _, err := e.anyNode(t.Context()); err == nil || !strings.Contains(hintOf(err), "quorum") {
			t.Errorf("got %v with hint %q", err, hintOf(err))
		}
	})
}

func TestEtcdCredentials(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.issue(t, time.Now().Add(-time.Hour), "localhost")
	old, none := newMachine(t), newMachine(t)
	for name, content := range map[string][]byte{"ca.crt": ca.pem, "healthcheck-client.crt": cert, "healthcheck-client.key": key} {
		old.write(t, "etc/kubernetes/pki/etcd/"+name, string(content))
	}
	_, err := newOperator(t).etcd(targetOf(map[string]*machine{"cp-1": old, "cp-2": none})).members(t.Context())
	var expired *ExpiredError
	if !errors.As(err, &expired) || !errors.Is(err, errNoMember) || !strings.Contains(hintOf(err), "cp-1: Renew the certificates") {
		t.Errorf("got %v with hint %q", err, hintOf(err))
	}
}

func TestSnapshotSums(t *testing.T) {
	database := bytes.Repeat([]byte("etcd"), 3*512/4)
	sum := sha256.Sum256(database)
	whole := slices.Concat(database, sum[:])
	tests := []struct {
		name    string
		content []byte
		want    bool
	}{
		{"whole", whole, true},
		{"empty", nil, false},
		{"nothing but a checksum", sum[:], false},
		{"cut off", whole[:len(whole)-512], false},
		{"changed", slices.Concat([]byte("ETCD"), whole[4:]), false},
	}
	for _, test := range tests {
		for _, size := range []int{1, 7, 512, 4096} {
			t.Run(fmt.Sprintf("%s, %d bytes at a time", test.name, size), func(t *testing.T) {
				sums := newSnapshotSums()
				for part := range slices.Chunk(test.content, size) {
					if n, err := sums.Write(part); n != len(part) || err != nil {
						t.Fatal(n, err)
					}
				}
				if got := sums.valid(); got != test.want {
					t.Errorf("valid: %v, want %v", got, test.want)
				}
				if all := sha256.Sum256(test.content); !bytes.Equal(sums.all.Sum(nil), all[:]) {
					t.Error("the sum of the file is wrong")
				}
			})
		}
	}
}

func TestSnapshotName(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for cluster, want := range map[string]string{
		"prod":        "prod-20260102T020405Z.db",
		"a b/../../c": "a-b-..-..-c-20260102T020405Z.db",
		"":            "kubernetes-20260102T020405Z.db",
	} {
		if got := snapshotName(cluster, at); got != want {
			t.Errorf("%q: got %s, want %s", cluster, got, want)
		}
	}
}
