package nodesim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// member is a member of a cluster's etcd.
type member struct {
	id      uint64
	name    string // "" until it has started
	peerURL string
	learner bool
	machine *Machine
	data    int // the installation of the machine whose disk has its data
}

func peerURL(address string) string { return "https://" + net.JoinHostPort(address, "2380") }

// healthy tells whether a member is at work.
func (e *member) healthy() bool {
	m := e.machine
	return m != nil && m.running() && m.installation == e.data && m.pods["etcd.yaml"] != "" && m.Exists(m.cluster.dataDir()+"/member")
}

// voters counts the members that vote, and those of them that are at work.
func (c *cluster) voters() (all, healthy int) {
	for _, e := range c.members {
		if e.learner {
			continue
		}
		all++
		if e.healthy() {
			healthy++
		}
	}
	return all, healthy
}

// quorum tells whether etcd can decide anything.
func (c *cluster) quorum() bool {
	if c.config().Etcd.External != nil {
		return true
	}
	all, healthy := c.voters()
	return all > 0 && healthy > all/2
}

// addMember adds the member of a machine: the first one votes, others are learners.
func (c *cluster) addMember(m *Machine) *member {
	c.nextMember++
	e := &member{id: 0x8e9e05c52164694d + c.nextMember, peerURL: peerURL(m.address), machine: m, learner: len(c.members) > 0}
	c.members = append(c.members, e)
	return e
}

func (c *cluster) removeMember(id uint64) {
	c.members = slices.DeleteFunc(c.members, func(e *member) bool { return e.id == id })
}

func (c *cluster) memberOf(m *Machine) *member {
	for _, e := range c.members {
		if e.machine == m && e.data == m.installation {
			return e
		}
	}
	return nil
}

// leader is the member that has led last, or the first that is at work.
func (c *cluster) leader() *member {
	var first *member
	for _, e := range c.members {
		switch {
		case e.learner || !e.healthy():
		case e.id == c.led:
			return e
		case first == nil:
			first = e
		}
	}
	return first
}

// serveEtcd serves a connection to the etcd of a control plane.
func (m *Machine) serveEtcd(conn net.Conn) error {
	served, err := m.pair("etcd/server").load()
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(m.File(pki + "etcd/ca.crt")))
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{served}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
		Time: func() time.Time { return time.Now().Add(m.clock) },
	})))
	etcdserverpb.RegisterClusterServer(server, &etcdCluster{m: m})
	etcdserverpb.RegisterMaintenanceServer(server, &etcdMaintenance{m: m})
	etcdserverpb.RegisterKVServer(server, &etcdKV{m: m})
	listener := newOneShot(nil)
	listener.conns = make(chan net.Conn, 1)
	listener.conns <- &watchedConn{conn, func() { listener.Close() }}
	m.sim.work.Go(func() {
		_ = server.Serve(listener)
		server.Stop()
	})
	return nil
}

// watchedConn tells of its end.
type watchedConn struct {
	net.Conn
	closed func()
}

// Close implements net.Conn.
func (w *watchedConn) Close() error {
	w.closed()
	return w.Conn.Close()
}

// asked finds the cluster and the member that a request goes to.
func (m *Machine) asked() (*cluster, *member, error) {
	m.sim.observe()
	if !m.running() || m.cluster == nil {
		return nil, nil, rpctypes.ErrGRPCStopped
	}
	e := m.cluster.memberOf(m)
	if e == nil || !e.healthy() {
		return nil, nil, rpctypes.ErrGRPCStopped
	}
	return m.cluster, e, nil
}

// decided is asked for what takes a quorum.
func (m *Machine) decided() (*cluster, *member, error) {
	c, e, err := m.asked()
	if err == nil && !c.quorum() {
		err = rpctypes.ErrGRPCNoLeader
	}
	return c, e, err
}

func (c *cluster) header(e *member) *etcdserverpb.ResponseHeader {
	return &etcdserverpb.ResponseHeader{ClusterId: 1, MemberId: e.id, Revision: int64(c.store.version), RaftTerm: 2}
}

func (c *cluster) memberList() (all []*etcdserverpb.Member) {
	for _, e := range c.members {
		m := &etcdserverpb.Member{ID: e.id, Name: e.name, PeerURLs: []string{e.peerURL}, IsLearner: e.learner}
		if e.name != "" {
			m.ClientURLs = []string{"https://" + net.JoinHostPort(e.machine.address, "2379")}
		}
		all = append(all, m)
	}
	return all
}

type etcdCluster struct {
	etcdserverpb.UnimplementedClusterServer
	m *Machine
}

func (s *etcdCluster) MemberList(_ context.Context, r *etcdserverpb.MemberListRequest) (*etcdserverpb.MemberListResponse, error) {
	s.m.sim.mu.Lock()
	defer s.m.sim.mu.Unlock()
	ask := s.m.asked
	if r.Linearizable {
		ask = s.m.decided
	}
	c, e, err := ask()
	if err != nil {
		return nil, err
	}
	return &etcdserverpb.MemberListResponse{Header: c.header(e), Members: c.memberList()}, nil
}

func (s *etcdCluster) MemberRemove(_ context.Context, r *etcdserverpb.MemberRemoveRequest) (*etcdserverpb.MemberRemoveResponse, error) {
	s.m.sim.mu.Lock()
	defer s.m.sim.mu.Unlock()
	c, e, err := s.m.decided()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(c.members, func(x *member) bool { return x.id == r.ID })
	if i < 0 {
		return nil, rpctypes.ErrGRPCMemberNotFound
	}
	// What remains must be able to decide; etcd checks it before it lets a member go.
	if all, healthy := c.voters(); !c.members[i].learner && c.members[i].healthy() && healthy-1 <= (all-1)/2 && all > 1 {
		return nil, rpctypes.ErrGRPCUnhealthy
	}
	c.removeMember(r.ID)
	return &etcdserverpb.MemberRemoveResponse{Header: c.header(e), Members: c.memberList()}, nil
}

func (s *etcdCluster) MemberPromote(_ context.Context, r *etcdserverpb.MemberPromoteRequest) (*etcdserverpb.MemberPromoteResponse, error) {
	s.m.sim.mu.Lock()
	defer s.m.sim.mu.Unlock()
	c, e, err := s.m.decided()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(c.members, func(x *member) bool { return x.id == r.ID })
	switch {
	case i < 0:
		return nil, rpctypes.ErrGRPCMemberNotFound
	case !c.members[i].learner:
		return nil, rpctypes.ErrGRPCMemberNotLearner
	case !c.members[i].healthy():
		return nil, rpctypes.ErrGRPCLearnerNotReady
	}
	c.members[i].learner = false
	return &etcdserverpb.MemberPromoteResponse{Header: c.header(e), Members: c.memberList()}, nil
}

type etcdMaintenance struct {
	etcdserverpb.UnimplementedMaintenanceServer
	m *Machine
}

func (s *etcdMaintenance) Status(context.Context, *etcdserverpb.StatusRequest) (*etcdserverpb.StatusResponse, error) {
	s.m.sim.mu.Lock()
	defer s.m.sim.mu.Unlock()
	c, e, err := s.m.asked()
	if err != nil {
		return nil, err
	}
	answer := &etcdserverpb.StatusResponse{Header: c.header(e), Version: "3.6.5", DbSize: 4 << 20, DbSizeInUse: 1 << 20, IsLearner: e.learner, RaftTerm: 2, RaftIndex: uint64(c.store.version), RaftAppliedIndex: uint64(c.store.version)}
	if leader := c.leader(); leader != nil && c.quorum() {
		answer.Leader = leader.id
	} else {
		answer.Errors = []string{rpctypes.ErrNoLeader.Error()}
	}
	return answer, nil
}

func (s *etcdMaintenance) Alarm(context.Context, *etcdserverpb.AlarmRequest) (*etcdserverpb.AlarmResponse, error) {
	s.m.sim.mu.Lock()
	defer s.m.sim.mu.Unlock()
	c, e, err := s.m.decided()
	if err != nil {
		return nil, err
	}
	return &etcdserverpb.AlarmResponse{Header: c.header(e)}, nil
}

// snapshot is what an etcd snapshot of a simulated cluster holds: pages, and at their end their checksum.
func snapshot() []byte {
	pages := bytes.Repeat([]byte("simulated etcd. "), 64)
	sum := sha256.Sum256(pages)
	return append(pages, sum[:]...)
}

// MoveLeader implements the service.
func (s *etcdMaintenance) MoveLeader(_ context.Context, r *etcdserverpb.MoveLeaderRequest) (*etcdserverpb.MoveLeaderResponse, error) {
	s.m.sim.mu.Lock()
	defer s.m.sim.mu.Unlock()
	c, e, err := s.m.decided()
	if err != nil {
		return nil, err
	}
	next := slices.IndexFunc(c.members, func(x *member) bool { return x.id == r.TargetID && x.healthy() && !x.learner })
	switch {
	case c.leader() != e:
		return nil, rpctypes.ErrGRPCNotLeader
	case next < 0:
		return nil, rpctypes.ErrGRPCBadLeaderTransferee
	}
	c.led = r.TargetID
	return &etcdserverpb.MoveLeaderResponse{Header: c.header(e)}, nil
}

func (s *etcdMaintenance) Snapshot(_ *etcdserverpb.SnapshotRequest, stream etcdserverpb.Maintenance_SnapshotServer) error {
	s.m.sim.mu.Lock()
	c, e, err := s.m.asked()
	var header *etcdserverpb.ResponseHeader
	if err == nil {
		header = c.header(e)
	}
	s.m.sim.mu.Unlock()
	if err != nil {
		return err
	}
	return stream.Send(&etcdserverpb.SnapshotResponse{Header: header, Blob: snapshot(), Version: "3.6.5"})
}

type etcdKV struct {
	etcdserverpb.UnimplementedKVServer
	m *Machine
}

// Range is how clients ask whether a member is healthy: a read that takes a quorum.
func (s *etcdKV) Range(_ context.Context, r *etcdserverpb.RangeRequest) (*etcdserverpb.RangeResponse, error) {
	s.m.sim.mu.Lock()
	defer s.m.sim.mu.Unlock()
	ask := s.m.decided
	if r.Serializable {
		ask = s.m.asked
	}
	c, e, err := ask()
	if err != nil {
		return nil, err
	}
	return &etcdserverpb.RangeResponse{Header: c.header(e)}, nil
}
