package sandbox

import (
	"context"
	_ "embed"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/s3store"
)

// Machines are the virtual machines that "run" in a sandbox, as YAML.
//
//go:embed machines.yaml
var Machines string

// Bucket is where examples/generator keeps its state.
const Bucket = "acme-tfstate"

// The servers of examples/generator, by the names that it calls them by.
var (
	environments = []struct{ name, harbor, guacamole string }{
		{"stage", "harbor.stage.example.internal", "accessportal.stage.example.com"},
		{"prod", "harbor.example.internal", "accessportal.example.com"},
	}
	sites = []struct{ name, kong string }{
		{"stage-seoul", "kong-admin.seoul.stage.example.internal"},
		{"prod-seoul", "kong-admin.seoul.example.internal"},
		{"prod-tokyo", "kong-admin.tokyo.example.internal"},
	}
)

const storeName = "minio.example.internal"

// Scenario is the company of examples/generator, running: two environments with
// a Harbor and a Guacamole each, three sites with a Kubernetes API server and a
// Kong each, and the store of the state. All have the names that the example
// calls them by, so that it runs unchanged.
type Scenario struct {
	Clusters  map[string]*kubetest.Cluster // by environment and site: "prod-seoul"
	Kong      map[string]*kongsim.Sim      // the same
	Harbor    map[string]*harborsim.Server // by environment
	Guacamole map[string]*guacsim.Server
	Store     *s3store.Store
	// States stands in front of the store and notes what is asked of it.
	States *faulty.Handler

	home string
	env  []string
	servers
}

// ScenarioOptions say how a scenario is started.
type ScenarioOptions struct {
	Tools string // folder that `make tools-test` fills
	Home  string // home of those who use the scenario, with kubeconfigs and certificates
	// Beside starts it at once beside other clusters, without MetalLB's webhook.
	Beside bool
}

// StartScenario starts the scenario.
func StartScenario(ctx context.Context, o ScenarioOptions) (*Scenario, error) {
	s := &Scenario{
		Clusters: map[string]*kubetest.Cluster{}, Kong: map[string]*kongsim.Sim{},
		Harbor: map[string]*harborsim.Server{}, Guacamole: map[string]*guacsim.Server{},
	}
	if err := s.start(ctx, o); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Scenario) start(ctx context.Context, o ScenarioOptions) (err error) {
	if s.home, err = filepath.Abs(o.Home); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.home, ".kube"), 0o700); err != nil {
		return err
	}
	named := s.simulators()
	if named[storeName], err = s.startStore(ctx); err != nil {
		return err
	}
	if s.env, err = s.serveNames(ctx, named, s.home); err != nil {
		return err
	}
	if err := s.startClusters(ctx, o); err != nil {
		return err
	}
	for name, cluster := range s.Clusters {
		if err := cluster.Create(ctx, strings.NewReader(Machines)); err != nil {
			return err
		}
		if err := copyFile(filepath.Join(s.home, ".kube", name), cluster.Kubeconfig()); err != nil {
			return err
		}
	}
	return nil
}

// simulators makes the systems that are simulated, and returns them by name.
func (s *Scenario) simulators() map[string]http.Handler {
	named := map[string]http.Handler{}
	for _, env := range environments {
		s.Harbor[env.name], s.Guacamole[env.name] = harborsim.New(), guacsim.New()
		named[env.harbor], named[env.guacamole] = s.Harbor[env.name], s.Guacamole[env.name]
	}
	for _, site := range sites {
		s.Kong[site.name] = kongsim.New()
		named[site.kong] = s.Kong[site.name]
	}
	return named
}

func (s *Scenario) startStore(ctx context.Context) (http.Handler, error) {
	store, err := s3store.Start(ctx)
	if err != nil {
		return nil, err
	}
	s.Store = store
	s.onStop(store.Stop)
	target, err := url.Parse(store.URL)
	if err != nil {
		return nil, err
	}
	s.States = faulty.New(unchunked(httputil.NewSingleHostReverseProxy(target)))
	return s.States, store.CreateBucket(Bucket)
}

// unchunked unwraps the bodies that clients of S3 send in pieces over TLS, each
// with its length, which the store does not know how to read.
func unchunked(store http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if length, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64); err == nil {
			r.Body, r.ContentLength = io.NopCloser(httputil.NewChunkedReader(r.Body)), length
		}
		store.ServeHTTP(w, r)
	})
}

// startClusters starts the Kubernetes API servers side by side. Only the first
// can have MetalLB's webhook: its port is fixed.
func (s *Scenario) startClusters(ctx context.Context, o ScenarioOptions) error {
	ctx, cancel := context.WithTimeout(ctx, turn+time.Minute)
	defer cancel()
	started := make([]*kubetest.Cluster, len(sites))
	group, ctx := errgroup.WithContext(ctx)
	for i := range sites {
		group.Go(func() (err error) {
			started[i], err = kubetest.Start(ctx, kubetest.Options{Tools: o.Tools, Beside: o.Beside || i > 0})
			return err
		})
	}
	err := group.Wait()
	for i, cluster := range started {
		if cluster != nil {
			s.onStop(cluster.Stop)
			s.Clusters[sites[i].name] = cluster
		}
	}
	return err
}

func copyFile(to, from string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

// Env is what a user of the scenario has in the environment: the way to the
// servers, accounts, and the secrets that examples/generator reads. They open
// nothing but the sandbox.
func (s *Scenario) Env() []string {
	return append([]string{
		"HOME=" + s.home,
		"HARBOR_USERNAME=" + HarborUsername, "HARBOR_PASSWORD=" + HarborPassword,
		"GUACAMOLE_USERNAME=" + GuacamoleUsername, "GUACAMOLE_PASSWORD=" + GuacamolePassword,
		"AWS_ACCESS_KEY_ID=sandbox", "AWS_SECRET_ACCESS_KEY=sandbox", "AWS_PROFILE=",
		"DOCKERHUB_TOKEN=sandbox-dockerhub-token", "SSH_PRIVATE_KEY=sandbox-ssh-private-key",
	}, s.env...)
}
