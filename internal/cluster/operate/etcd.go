package operate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

const (
	etcdCA   = "/etc/kubernetes/pki/etcd/ca.crt"
	etcdCert = "/etc/kubernetes/pki/etcd/healthcheck-client.crt"
	etcdKey  = "/etc/kubernetes/pki/etcd/healthcheck-client.key"

	// etcdPatience is how long etcd may refuse what it will allow in a moment: a
	// member change while another member has only just come or gone.
	etcdPatience = time.Minute
)

// etcdAddresses are where a member listens on its own machine: kubeadm takes the
// family of the machine's address.
var etcdAddresses = []string{"127.0.0.1:2379", "[::1]:2379"}

// etcdTimeout bounds one request; an election takes a second or two. A variable so
// that tests need not wait.
var etcdTimeout = 5 * time.Second

// etcd talks to the members of a cluster's etcd, to each through its own
// machine. It is safe for concurrent use.
type etcd struct {
	o       *Operator
	t       Target
	through []string // control planes

	mu     sync.Mutex
	client *clientv3.Client

	troubleMu sync.Mutex
	trouble   error // why the last connection did not come about
}

// etcd returns a client of the members on the control planes. Nothing is
// contacted before it is used.
func (o *Operator) etcd(t Target) *etcd { return o.etcdOn(t, t.controlPlanes()...) }

// etcdOn returns a client that uses these control planes alone.
func (o *Operator) etcdOn(t Target, nodes ...string) *etcd {
	return &etcd{o: o, t: t, through: nodes}
}

func (e *etcd) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client != nil {
		_ = e.client.Close() // what it could complain of is over with the connections
	}
	e.client = nil
}

// connect returns the client, with the credentials of the first control plane
// that has them: all members have one authority.
func (e *etcd) connect(ctx context.Context) (*clientv3.Client, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client != nil {
		return e.client, nil
	}
	failed := &NoEtcdError{Reasons: map[string]error{}}
	for _, node := range e.through {
		config, err := e.credentials(ctx, node)
		if err != nil {
			failed.Reasons[node] = err
			continue
		}
		e.client, err = clientv3.New(clientv3.Config{
			Endpoints: e.endpoints(), Logger: zap.NewNop(),
			MaxUnaryRetries: 3, // a member that is not there is evidence, and soon
			DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
				conn, err := e.dial(ctx, config, node, address)
				e.note(err)
				return conn, err
			})},
		})
		return e.client, err
	}
	return nil, failed
}

func (e *etcd) credentials(ctx context.Context, node string) (*tls.Config, error) {
	conn, err := e.o.conn(ctx, e.t, node)
	if err != nil {
		return nil, err
	}
	files, err := conn.ReadFiles(ctx, etcdCA, etcdCert, etcdKey)
	if err != nil {
		return nil, err
	}
	if len(files) < 3 {
		return nil, errNoMember
	}
	return etcdTLS(files[etcdCA], files[etcdCert], files[etcdKey])
}

var errNoMember = errors.New("no member of etcd is on the machine: " + etcdCert + " is not there")

func etcdTLS(ca, cert, key []byte) (*tls.Config, error) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", etcdCert, err)
	}
	if pair.Leaf != nil && time.Now().After(pair.Leaf.NotAfter) {
		return nil, &ExpiredError{File: etcdCert, End: pair.Leaf.NotAfter}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s has no certificate", etcdCA)
	}
	return &tls.Config{
		RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
		ServerName: "localhost", // which every member's certificate has, wherever it is asked
		NextProtos: []string{"h2"},
	}, nil
}

// endpoint stands for the member on a control plane. The name of the node would
// not do: it may be an address, which has to be written otherwise in a URL.
// There is no "https" in it, for TLS is what the dialer does: gRPC would insist
// on a certificate of this name.
func endpoint(i int) string { return fmt.Sprintf("member-%d:2379", i) }

func (e *etcd) endpoints() []string {
	list := make([]string, len(e.through))
	for i := range e.through {
		list[i] = endpoint(i)
	}
	return list
}

// dial goes to the member behind an endpoint through its own machine, and to any
// other address through a given one.
func (e *etcd) dial(ctx context.Context, config *tls.Config, via, address string) (net.Conn, error) {
	addresses := []string{address}
	for i, node := range e.through {
		if address == endpoint(i) {
			via, addresses = node, etcdAddresses
		}
	}
	machine, err := e.o.conn(ctx, e.t, via)
	if err != nil {
		return nil, err
	}
	var tunnel net.Conn
	for _, address = range addresses {
		if tunnel, err = machine.DialContext(ctx, "tcp", address); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	secure := tls.Client(tunnel, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		tunnel.Close()
		return nil, fmt.Errorf("TLS with %s, seen from %s: %w", address, via, err)
	}
	return secure, nil
}

// note keeps why a connection did not come about; gRPC itself only says that it
// took too long.
func (e *etcd) note(err error) {
	e.troubleMu.Lock()
	defer e.troubleMu.Unlock()
	e.trouble = err
}

func (e *etcd) failed(what string, err error) error {
	e.troubleMu.Lock()
	defer e.troubleMu.Unlock()
	if errors.Is(err, context.DeadlineExceeded) && e.trouble != nil {
		err = fmt.Errorf("%w: %w", err, e.trouble)
	}
	return &EtcdError{What: what, Err: err}
}

// members lists the members with their health.
func (e *etcd) members(ctx context.Context) ([]kubeadm.Member, error) {
	client, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	list, err := memberList(ctx, client)
	if err != nil {
		return nil, e.failed("listing the members", err)
	}
	answers := ask(ctx, client, e.endpoints())
	// A member may be well though its machine does not let us in.
	maps.Copy(answers, ask(ctx, client, silent(list, answers)))
	members := make([]kubeadm.Member, len(list))
	for i, m := range list {
		members[i] = member(m, answers[m.ID])
	}
	slices.SortFunc(members, func(a, b kubeadm.Member) int { return strings.Compare(a.Name, b.Name) })
	return members, nil
}

// memberList asks for what the quorum agrees on. Without a quorum, what one
// member remembers is still evidence.
func memberList(ctx context.Context, client *clientv3.Client) ([]*etcdserverpb.Member, error) {
	list, err := bounded(ctx, func(ctx context.Context) (*clientv3.MemberListResponse, error) { return client.MemberList(ctx) })
	if err != nil && ctx.Err() == nil {
		list, err = bounded(ctx, func(ctx context.Context) (*clientv3.MemberListResponse, error) {
			return client.MemberList(ctx, clientv3.WithSerializable())
		})
	}
	if err != nil {
		return nil, err
	}
	return list.Members, nil
}

// bounded is one request to etcd, whose client would wait for ever.
func bounded[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, etcdTimeout)
	defer cancel()
	return call(ctx)
}

// ask asks endpoints for their status, all at once. The answers are by member;
// an endpoint without an answer has none.
func ask(ctx context.Context, client *clientv3.Client, endpoints []string) map[uint64]*clientv3.StatusResponse {
	var mu sync.Mutex
	answers := map[uint64]*clientv3.StatusResponse{}
	var group sync.WaitGroup
	for _, endpoint := range endpoints {
		group.Go(func() {
			status, err := bounded(ctx, func(ctx context.Context) (*clientv3.StatusResponse, error) { return client.Status(ctx, endpoint) })
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			answers[status.Header.MemberId] = status
		})
	}
	group.Wait()
	return answers
}

// silent are the endpoints in the cluster's network of members that have not
// answered.
func silent(list []*etcdserverpb.Member, answers map[uint64]*clientv3.StatusResponse) []string {
	var endpoints []string
	for _, m := range list {
		if answers[m.ID] == nil && len(m.ClientURLs) > 0 {
			_, address, _ := strings.Cut(m.ClientURLs[0], "://")
			endpoints = append(endpoints, address)
		}
	}
	return endpoints
}

// member is a member as plans see it. One that knows no leader is cut off from
// the others, or they are gone.
func member(m *etcdserverpb.Member, answer *clientv3.StatusResponse) kubeadm.Member {
	o := kubeadm.Member{ID: m.ID, Name: m.Name, Learner: m.IsLearner}
	if len(m.PeerURLs) > 0 {
		o.PeerURL = m.PeerURLs[0]
	}
	if answer != nil {
		o.Healthy = answer.Leader != 0
		o.Leader = answer.Leader == m.ID
	}
	return o
}

// remove takes members out, which may be gone already.
func (e *etcd) remove(ctx context.Context, ids ...uint64) error {
	for _, id := range ids {
		err := e.do(ctx, fmt.Sprintf("removing member %x", id), func(ctx context.Context, client *clientv3.Client) error {
			_, err := client.MemberRemove(ctx, id)
			if errors.Is(err, rpctypes.ErrMemberNotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// moveLeader makes another member the leader when the one on a node is it, so
// that an upgrade or a removal there costs no election.
func (e *etcd) moveLeader(ctx context.Context, node string) error {
	members, err := e.members(ctx)
	if err != nil {
		return err
	}
	leads := slices.ContainsFunc(members, func(m kubeadm.Member) bool { return m.Leader && m.Name == node })
	next := slices.IndexFunc(members, func(m kubeadm.Member) bool { return m.Healthy && !m.Learner && m.Name != node })
	if !leads || next < 0 {
		return nil
	}
	leader := e.o.etcdOn(e.t, node) // only the leader itself can hand over
	defer leader.close()
	return leader.do(ctx, "making "+members[next].Name+" the leader", func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.MoveLeader(ctx, members[next].ID)
		if errors.Is(err, rpctypes.ErrNotLeader) {
			return nil // it has happened by itself
		}
		return err
	})
}

// do carries out a call, which must be idempotent, and repeats it while etcd is
// about to be able to.
func (e *etcd) do(ctx context.Context, what string, call func(context.Context, *clientv3.Client) error) error {
	client, err := e.connect(ctx)
	if err != nil {
		return err
	}
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		_, err := bounded(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx, client) })
		if err != nil && !etcdPasses(err) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(backoff.NewExponentialBackOff()), backoff.WithMaxElapsedTime(etcdPatience))
	if err != nil {
		return e.failed(what, err)
	}
	return nil
}

// etcdPasses reports whether etcd may allow in a moment what it refuses now.
func etcdPasses(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, rpctypes.ErrUnhealthy) || errors.Is(err, rpctypes.ErrMemberNotEnoughStarted) {
		return true
	}
	var refused rpctypes.EtcdError
	return errors.As(err, &refused) && refused.Code() == codes.Unavailable || status.Code(err) == codes.Unavailable
}

// EtcdError is a request to etcd that failed.
type EtcdError struct {
	What string // "removing member 8e9e05c52164694d"
	Err  error
}

func (e *EtcdError) Error() string { return "etcd: " + e.What + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *EtcdError) Unwrap() error { return e.Err }

// Hint implements the hint of an error.
func (e *EtcdError) Hint() string {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired:
		return "A certificate of etcd is over, or this machine's clock is wrong. " + renewHint
	case etcdPasses(e.Err):
		return "etcd has no quorum, or a member has only just come or gone. More than half of its members must run and reach each other on port 2380: " +
			"`crictl ps -a --name etcd` and `crictl logs` on the control planes say which do not. Start their machines again. When they are lost for good, " +
			"restore a snapshot on one control plane."
	}
	return hintOf(e.Err)
}

// NoEtcdError is a cluster none of whose control planes leads to etcd.
type NoEtcdError struct {
	Reasons map[string]error // by control plane
}

// Error gives each control plane's reason a line.
func (e *NoEtcdError) Error() string {
	return reasons("etcd cannot be asked through any control plane", e.Reasons)
}

// Unwrap returns the reasons.
func (e *NoEtcdError) Unwrap() []error { return slices.Collect(maps.Values(e.Reasons)) }

// Hint is what to do about the first reason that has an advice.
func (e *NoEtcdError) Hint() string { return firstHint(e.Reasons) }
