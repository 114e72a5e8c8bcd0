package nodesim_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/nodesim"
)

// etcd is a client that goes through the machine to the member there.
func (h host) etcd() *clientv3.Client {
	h.t.Helper()
	const folder = "/etc/kubernetes/pki/etcd/"
	pair, err := tls.X509KeyPair([]byte(h.File(folder+"healthcheck-client.crt")), []byte(h.File(folder+"healthcheck-client.key")))
	if err != nil {
		h.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(h.File(folder + "ca.crt")))
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{"https://127.0.0.1:2379"},
		TLS:       &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return h.DialContext(ctx, "tcp", "127.0.0.1:2379")
		})},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { client.Close() })
	return client
}

func TestEtcd(t *testing.T) {
	t.Parallel()
	sim := nodesim.New(t)
	cp := login(t, sim.Machine("cp-01", "10.77.0.11"))
	cp.first()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client := cp.etcd()
	list, err := client.MemberList(ctx)
	if err != nil || len(list.Members) != 1 || list.Members[0].Name != "cp-01" {
		t.Fatalf("members %v, %v", list, err)
	}
	id := list.Members[0].ID
	if status, err := client.Status(ctx, "https://127.0.0.1:2379"); err != nil || status.Leader != id {
		t.Errorf("status %v, %v", status, err)
	}
	if _, err := client.MemberRemove(ctx, 1); !errors.Is(err, rpctypes.ErrMemberNotFound) {
		t.Errorf("removal of a stranger: %v", err)
	}
	if _, err := client.MemberPromote(ctx, id); !errors.Is(err, rpctypes.ErrMemberNotLearner) {
		t.Errorf("promotion of a voter: %v", err)
	}
	stream, err := client.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(stream)
	if err != nil || len(content)%512 != sha256.Size {
		t.Errorf("a snapshot of %d bytes, %v", len(content), err)
	}
}
