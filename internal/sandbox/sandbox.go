// Package sandbox starts everything that tests and the demo run against: the
// real Kubernetes API server with the CRDs of Calico, MetalLB and KubeVirt, and
// Harbor, Guacamole and Kong in memory, all on the loopback: one of each, or
// the whole Scenario of three sites. It also finds the Terraform or OpenTofu to
// run.
package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// Accounts of the simulated systems: those of a fresh installation.
const (
	HarborUsername    = "admin"
	HarborPassword    = "Harbor12345"
	GuacamoleUsername = "guacadmin"
	GuacamolePassword = "guacadmin"
)

// turn is how long to wait for a Kubernetes that somebody else runs to end: one
// runs at a time on a machine.
const turn = 2 * time.Minute

// Sandbox is all systems, running.
type Sandbox struct {
	Kubernetes *kubetest.Cluster
	Harbor     *harborsim.Server
	Guacamole  *guacsim.Server
	Kong       *kongsim.Sim

	HarborURL, GuacamoleURL, KongURL string

	servers
}

// Start starts all systems. tools is the folder that `make tools-test` fills.
func Start(ctx context.Context, tools string) (*Sandbox, error) {
	s := &Sandbox{Harbor: harborsim.New(), Guacamole: guacsim.New(), Kong: kongsim.New()}
	if err := s.start(ctx, tools); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Sandbox) start(ctx context.Context, tools string) error {
	var err error
	if s.HarborURL, err = s.serve(ctx, s.Harbor); err != nil {
		return err
	}
	if s.GuacamoleURL, err = s.serve(ctx, s.Guacamole); err != nil {
		return err
	}
	s.GuacamoleURL += "/guacamole"
	if s.KongURL, err = s.serve(ctx, s.Kong); err != nil {
		return err
	}
	if s.Kubernetes, err = StartKubernetes(ctx, tools); err != nil {
		return err
	}
	s.onStop(s.Kubernetes.Stop)
	return nil
}

// StartKubernetes starts the Kubernetes API server alone, for the tests of all
// packages to share.
func StartKubernetes(ctx context.Context, tools string) (*kubetest.Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, turn+time.Minute)
	defer cancel()
	return kubetest.Start(ctx, kubetest.Options{Tools: tools})
}

// serve serves a simulator on a free port of the loopback.
func (s *servers) serve(ctx context.Context, h http.Handler) (string, error) {
	address, err := s.listen(ctx, h, nil)
	return "http://" + address, err
}

// listen serves on a free port of the loopback, with TLS when it is configured,
// and returns the address.
func (s *servers) listen(ctx context.Context, h http.Handler, secure *tls.Config) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := l.Addr().String()
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			fmt.Println("sandbox:", err)
		}
	}()
	s.onStop(func() { _ = server.Close() })
	return address, nil
}

// servers is what has been started and must be stopped.
type servers struct {
	mu    sync.Mutex
	stops []func()
}

func (s *servers) onStop(stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops = append(s.stops, stop)
}

// Stop stops all systems.
func (s *servers) Stop() {
	for _, stop := range slices.Backward(s.stops) {
		stop()
	}
	s.stops = nil
}

// Env is the provider's whole configuration, as environment variables.
func (s *Sandbox) Env() []string {
	return []string{
		"KUBE_CONFIG_PATH=" + s.Kubernetes.Kubeconfig(),
		"HARBOR_URL=" + s.HarborURL, "HARBOR_USERNAME=" + HarborUsername, "HARBOR_PASSWORD=" + HarborPassword,
		"GUACAMOLE_URL=" + s.GuacamoleURL, "GUACAMOLE_USERNAME=" + GuacamoleUsername, "GUACAMOLE_PASSWORD=" + GuacamolePassword,
		"KONG_ADMIN_URL=" + s.KongURL,
	}
}
