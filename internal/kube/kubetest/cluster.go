// Package kubetest runs a real Kubernetes API server for tests and the demo: etcd, kube-apiserver, the CRDs of
// Calico, MetalLB and KubeVirt, Calico's own API server and MetalLB's own webhook, on loopback, ready in seconds.
// There are no nodes and no controllers: objects are validated and stored, and nothing acts on them.
//
// Tests begin with [Shared]; `make tools-test` builds what it runs.
package kubetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Options says how to start a cluster. The zero value is good.
type Options struct {
	Tools string // folder with bin/ and crds/; the module's .tools when empty
	// Beside starts a cluster at once, beside all others of this machine. It has everything but MetalLB's webhook:
	// MetalLB's schemas are held to, but not the rules that the webhook adds, such as that pools do not overlap.
	Beside bool
}

// Cluster is a running API server.
type Cluster struct {
	kubeconfig string
	config     *rest.Config
	client     dynamic.Interface
	run        *run // nil when another process runs the servers
}

// run is what a cluster of this process holds.
type run struct {
	tools     string
	beside    bool   // without MetalLB's webhook
	dir       string // certificates, data and logs
	lock      *os.File
	ca, front *authority
	servers   []*server
	etcd      string // URL
	port      int    // of kube-apiserver
	calico    int    // port of calico-apiserver
}

// errPortTaken is the one failure that a second try heals: a free port was taken between choosing it and using it.
const errPortTaken = "address already in use"

// Start starts a cluster and returns when everything in it answers. One cluster with MetalLB's webhook runs at a time
// on a machine, since MetalLB fixes the port of it: Start waits for its turn until ctx ends. Clusters beside it need
// no turn.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	tools, err := findTools(o.Tools)
	if err != nil {
		return nil, err
	}
	take := takeTurn
	if o.Beside {
		take = takePlace
	}
	dir, lock, err := take(ctx)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		c, err := start(ctx, &run{tools: tools, beside: o.Beside, dir: dir, lock: lock})
		if err == nil {
			return c, nil
		}
		c.stopServers()
		if try == 3 || !strings.Contains(err.Error(), errPortTaken) {
			_ = lock.Close() // the folder stays: its logs tell more
			return nil, fmt.Errorf("starting the Kubernetes API server: %w", err)
		}
	}
}

// start brings the servers up in the order they need each other. It always returns the cluster, for stopServers.
func start(ctx context.Context, r *run) (*Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c := &Cluster{run: r, kubeconfig: filepath.Join(r.dir, "kubeconfig")}
	steps := []func(context.Context) error{
		r.prepare, c.writeKubeconfig, r.startEtcd, r.startKubernetes, c.awaitKubernetes, c.installCRDs, r.startCalico, c.registerCalico,
	}
	if !r.beside {
		steps = append(steps, r.awaitWebhookPort, r.startMetalLB, c.registerMetalLB, c.awaitMetalLB)
	}
	for _, step := range append(steps, c.awaitCalico) {
		if err := step(ctx); err != nil {
			return c, err
		}
	}
	return c, nil
}

// connect is the cluster that a kubeconfig leads to.
func connect(kubeconfig string) (*Cluster, error) {
	c := &Cluster{kubeconfig: kubeconfig}
	return c, c.connect()
}

func (c *Cluster) connect() error {
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1 // client-go holds back at five requests a second
	c.config = config
	c.client, err = dynamic.NewForConfig(config)
	return err
}

// Kubeconfig is the path of a kubeconfig that may do everything.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig }

// Config is the same for client-go. The caller may change it.
func (c *Cluster) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Client returns a client that may do everything.
func (c *Cluster) Client() dynamic.Interface { return c.client }

// Stop ends the servers and removes their files. It does nothing to a cluster that another process runs.
func (c *Cluster) Stop() {
	if c.run == nil {
		return
	}
	c.stopServers()
	_ = os.RemoveAll(c.run.dir)
	_ = c.run.lock.Close()
}

func (c *Cluster) stopServers() {
	for _, s := range c.run.servers {
		s.kill()
	}
	c.run.servers = nil
}

// ErrNotBuilt says that the programs a cluster is made of are missing.
var ErrNotBuilt = errors.New("the Kubernetes API server is not built: run `make tools-test`")

// findTools returns the folder with the programs and the CRDs.
func findTools(dir string) (string, error) {
	if dir == "" {
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, ".tools")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for _, need := range []string{"bin/etcd", "bin/kube-apiserver", "bin/calico-apiserver", "bin/metallb-controller", "crds"} {
		if _, err := os.Stat(filepath.Join(dir, need)); err != nil {
			return "", fmt.Errorf("%w (%s is missing)", ErrNotBuilt, filepath.Join(dir, need))
		}
	}
	return dir, nil
}

// moduleRoot is the folder above the working directory that has the go.mod.
func moduleRoot() (string, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a Go module", wd)
		}
	}
}

// takeTurn waits for the machine's one folder for a cluster with MetalLB's webhook, and locks it. What a process left
// there that died is removed by the next one, so nothing piles up.
func takeTurn(ctx context.Context) (string, *os.File, error) {
	var lock *os.File
	dir, err := folder("first")
	if err != nil {
		return "", nil, err
	}
	err = poll(ctx, func() (err error) {
		lock, err = tryLock(dir)
		return err
	})
	if err != nil {
		return "", nil, fmt.Errorf("another Kubernetes API server of these tests runs (folder %s): end it, or use it by setting %s=%s: %w",
			dir, KubeconfigVariable, filepath.Join(dir, "kubeconfig"), err)
	}
	return dir, lock, nil
}

// takePlace locks the first free folder for a cluster beside others.
func takePlace(ctx context.Context) (string, *os.File, error) {
	for i := 1; ctx.Err() == nil; i++ {
		dir, err := folder(fmt.Sprintf("beside-%d", i))
		if err != nil {
			return "", nil, err
		}
		lock, err := tryLock(dir)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return dir, lock, err
		}
	}
	return "", nil, ctx.Err()
}

// folder is where a cluster keeps its files, in a folder of all clusters of this user, which it makes.
func folder(name string) (string, error) {
	all := filepath.Join(os.TempDir(), fmt.Sprintf("onprem-kubetest-%d", os.Getuid()))
	return filepath.Join(all, name), os.MkdirAll(all, 0o700)
}

// tryLock takes the lock beside a folder, or fails with EWOULDBLOCK when another holds it.
func tryLock(dir string) (*os.File, error) {
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return lock, nil
}

// poll calls f until it succeeds or ctx ends, and then tells what failed last.
func poll(ctx context.Context, f func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}
