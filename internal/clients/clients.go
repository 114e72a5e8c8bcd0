// Package clients has one client per system, built when something of the
// system is first used: a team that uses only Harbor configures only Harbor.
package clients

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
)

// Set holds the clients of all systems. Its methods return the client, the
// same one every time, or an error that says what the provider block lacks.
type Set struct {
	kubernetes func() (*kube.Client, error)
	harbor     func() (*harborapi.Client, error)
	guacamole  func() (*guacapi.Client, error)
	kong       func() (*kongapi.Client, error)
	ssh        func() (remote.Config, error)

	mu   sync.Mutex
	open []closer // clients that were built and hold something open
}

type closer interface{ Close(context.Context) error }

// Settings is what the provider block says, with the environment filled in; a
// nil function stands for a system that is not configured.
type Settings struct {
	Kubernetes func() (kube.Config, error)
	Harbor     func() (harborapi.Config, error)
	Guacamole  func() (guacapi.Config, error)
	Kong       func() (kongapi.Config, error)
	SSH        func() (remote.Config, error)
}

// New returns the clients that s describes. Nothing is contacted yet.
func New(s Settings) *Set {
	set := &Set{}
	set.kubernetes = lazy("kubernetes", "KUBE_CONFIG_PATH", s.Kubernetes, kube.New)
	set.harbor = lazy("harbor", "HARBOR_URL", s.Harbor, harborapi.New)
	set.guacamole = lazy("guacamole", "GUACAMOLE_URL", s.Guacamole, func(c guacapi.Config) (*guacapi.Client, error) {
		client, err := guacapi.New(c)
		if err == nil {
			set.opened(client)
		}
		return client, err
	})
	set.kong = lazy("kong", "KONG_ADMIN_URL", s.Kong, kongapi.New)
	set.ssh = lazy("ssh", "ONPREM_SSH_USER", s.SSH, func(c remote.Config) (remote.Config, error) { return c, nil })
	return set
}

func (s *Set) opened(c closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = append(s.open, c)
}

// Close ends what clients hold open in their systems, as far as ctx allows.
func (s *Set) Close(ctx context.Context) error {
	s.mu.Lock()
	open := s.open
	s.open = nil
	s.mu.Unlock()
	var failures []error
	for _, c := range open {
		failures = append(failures, c.Close(ctx))
	}
	return errors.Join(failures...)
}

// Kubernetes returns the client of the cluster that Calico, MetalLB and
// KubeVirt run in.
func (s *Set) Kubernetes() (*kube.Client, error) { return s.kubernetes() }

// Harbor returns the client of the registry.
func (s *Set) Harbor() (*harborapi.Client, error) { return s.harbor() }

// Guacamole returns the client of the access portal.
func (s *Set) Guacamole() (*guacapi.Client, error) { return s.guacamole() }

// Kong returns the client of the gateway's Admin API.
func (s *Set) Kong() (*kongapi.Client, error) { return s.kong() }

// SSH returns how to log in to machines: what all have in common, without a
// host.
func (s *Set) SSH() (remote.Config, error) { return s.ssh() }

// lazy builds a client once, on first use.
func lazy[Config, Client any](block, variable string, settings func() (Config, error), build func(Config) (Client, error)) func() (Client, error) {
	return sync.OnceValues(func() (Client, error) {
		var none Client
		if settings == nil {
			return none, &NotConfiguredError{Block: block, Variable: variable}
		}
		c, err := settings()
		if err != nil {
			return none, err
		}
		return build(c)
	})
}

// NotConfiguredError is a system that is used although the provider knows
// nothing about it.
type NotConfiguredError struct{ Block, Variable string }

// Error names the missing block.
func (e *NotConfiguredError) Error() string {
	return fmt.Sprintf("the provider has no `%s` block, and %s is not set", e.Block, e.Variable)
}

// Hint shows the block to write.
func (e *NotConfiguredError) Hint() string {
	return fmt.Sprintf("Add the block to the provider's configuration:\n\n  provider \"onprem\" {\n    %s = { … }\n  }\n\nor set %s and the variables beside it; "+
		"the provider's documentation lists them.", e.Block, e.Variable)
}

// UnknownError is a setting whose value is not known when it is needed.
type UnknownError struct{ Block, Setting string }

// Error names the setting.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("`%s` in the provider's `%s` block is not known yet: it depends on something that this run has still to create", e.Setting, e.Block)
}

// Hint says how to make it known.
func (e *UnknownError) Hint() string {
	return "Apply what it depends on first (with -target, or in a unit of its own), or give the value by a variable or the environment."
}
