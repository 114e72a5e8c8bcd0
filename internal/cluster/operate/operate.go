// Package operate observes the machines of a cluster and changes them: it turns
// the steps of package kubeadm into commands over SSH, requests to the
// Kubernetes API and to etcd, both through tunnels. Every step looks at the
// evidence first, so that it can be carried out again after any failure.
package operate

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

// Target is a cluster and the way to its machines.
type Target struct {
	Cluster kubeadm.Cluster
	// Access says how to log in to each machine, by node name: of every node
	// that is wanted, and of those that are to be removed.
	Access map[string]remote.Config
	// CAHash is the certificate authority of the cluster that is known from
	// before; "" for a cluster that is made by this run. A machine with another
	// one is never touched.
	CAHash string

	Packages Packages
	// SnapshotDir is where control planes keep etcd snapshots; "" for
	// /var/lib/onprem/etcd-snapshots.
	SnapshotDir string

	// ReadyTimeout bounds the wait for one node to become Ready, DrainTimeout
	// that for the pods of one node to leave; 0 stands for 5 and 10 minutes.
	ReadyTimeout, DrainTimeout time.Duration
}

// Packages is where the container runtime and kubeadm come from.
type Packages struct {
	// Manage is whether to install anything. Without it, what is there is
	// checked.
	Manage bool
	// Archive is a tar (or tar.gz) on this machine with all that a site without
	// a network needs; "" for the package manager. See the documentation of
	// the resource for its layout. ArchiveSHA256 is checked when it is set.
	Archive, ArchiveSHA256 string
	// Repository and RepositoryKey are the URL of the team's own package
	// repository and of its signing key; "" for pkgs.k8s.io. "%s" in them is
	// replaced by the minor version: v1.34.
	Repository, RepositoryKey string
}

// Event is something worth telling while the work goes on.
type Event struct {
	At    time.Time
	Stage string // "Join control planes"
	Node  string // "" when it concerns the whole cluster
	Text  string // "etcd member promoted", "waiting for Ready (kubelet: …)"
	// Done and Total count the steps of this apply; Total is 0 before the plan
	// is made.
	Done, Total int
}

// Operator works on clusters. Use one for one operation and close it. It is
// safe for concurrent use.
type Operator struct {
	pool     *remote.Pool
	progress func(context.Context, Event)
}

// connectTimeout bounds the wait for a machine that does not answer.
const connectTimeout = 10 * time.Second

// New returns an operator that tells progress what it does; nil keeps it
// silent. progress is called from several goroutines.
func New(progress func(context.Context, Event)) *Operator {
	if progress == nil {
		progress = func(context.Context, Event) {}
	}
	return &Operator{pool: &remote.Pool{}, progress: progress}
}

// Close ends the connections. Jobs on the machines go on.
func (o *Operator) Close() {
	_ = o.pool.Close() // what it could complain of is over with the connections
}

// conn is the connection to a machine; connections are kept until Close.
func (o *Operator) conn(ctx context.Context, t Target, node string) (*remote.Conn, error) {
	access, ok := t.Access[node]
	if !ok {
		return nil, &AccessError{Node: node}
	}
	access.ConnectTimeout = cmp.Or(access.ConnectTimeout, connectTimeout)
	return o.pool.Get(ctx, access)
}

type scopeKey struct{}

// scope is what the work that a context belongs to is about.
type scope struct {
	stage, node string
	done        *atomic.Int64 // steps
	total       int
}

// within makes what is told with ctx part of a scope.
func within(ctx context.Context, s scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// tell reports progress. node may be empty for the one that ctx is about.
func (o *Operator) tell(ctx context.Context, node, text string) {
	s, _ := ctx.Value(scopeKey{}).(scope) // the zero scope when nothing was said
	e := Event{At: time.Now(), Stage: s.stage, Node: cmp.Or(node, s.node), Text: text, Total: s.total}
	if s.done != nil {
		e.Done = int(s.done.Load())
	}
	o.progress(ctx, e)
}

// AccessError is a node that nobody said how to log in to.
type AccessError struct{ Node string }

func (e *AccessError) Error() string {
	return fmt.Sprintf("%s: it is not known how to log in to this node", e.Node)
}

// Hint implements the hint of an error.
func (e *AccessError) Hint() string {
	return "Give the node's SSH address in `nodes`, so that its machine can be reached."
}
