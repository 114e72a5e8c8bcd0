package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

// kinds are the kinds of Kubernetes that the modules manage.
var kinds = []schema.GroupVersionResource{
	{Group: "projectcalico.org", Version: "v3", Resource: "bgpconfigurations"},
	{Group: "projectcalico.org", Version: "v3", Resource: "bgppeers"},
	{Group: "projectcalico.org", Version: "v3", Resource: "ippools"},
	{Group: "metallb.io", Version: "v1beta1", Resource: "bfdprofiles"},
	{Group: "metallb.io", Version: "v1beta1", Resource: "bgpadvertisements"},
	{Group: "metallb.io", Version: "v1beta2", Resource: "bgppeers"},
	{Group: "metallb.io", Version: "v1beta1", Resource: "ipaddresspools"},
	{Group: "metallb.io", Version: "v1beta1", Resource: "l2advertisements"},
}

// Object is something that a system holds.
type Object struct {
	Place, Kind, Name string // "prod-seoul", "metallb.io ipaddresspools", "default"
	Content           any
}

// String says which object it is.
func (o Object) String() string { return fmt.Sprintf("%s: %s %q", o.Place, o.Kind, o.Name) }

// Objects are all objects that the modules manage, in order, as the systems
// themselves tell them.
func (s *Scenario) Objects(ctx context.Context) ([]Object, error) {
	var all []Object
	for env, harbor := range s.Harbor {
		for _, kind := range []string{harborsim.Project, harborsim.Registry, harborsim.ReplicationPolicy} {
			for _, name := range harbor.Names(kind) {
				all = append(all, Object{env, "harbor " + kind, name, harbor.View(kind, name)})
			}
		}
	}
	for env, guacamole := range s.Guacamole {
		all = append(all, guacamoleObjects(env, guacamole)...)
	}
	for site, kong := range s.Kong {
		all = append(all, kongObjects(site, kong)...)
	}
	kubernetes, err := s.kubernetesObjects(ctx)
	all = append(all, kubernetes...)
	slices.SortFunc(all, func(a, b Object) int { return strings.Compare(a.String(), b.String()) })
	return all, err
}

// guacamoleObjects have the name of their group in place of its number.
func guacamoleObjects(env string, guacamole *guacsim.Server) []Object {
	var all []Object
	groups := map[string]string{}
	for _, g := range guacamole.Groups() {
		groups[g.Identifier] = g.Name
	}
	for _, g := range guacamole.Groups() {
		g.Parent = groups[g.Parent]
		all = append(all, Object{env, "guacamole connection group", g.Name, g})
	}
	for _, c := range guacamole.Connections() {
		c.Parent = groups[c.Parent]
		all = append(all, Object{env, "guacamole connection", c.Name, c})
	}
	return all
}

// kongObjects have the name of their service in place of its id.
func kongObjects(site string, kong *kongsim.Sim) []Object {
	var all []Object
	services := map[any]any{}
	for _, service := range kong.Entities("services") {
		services[service["id"]] = service["name"]
		all = append(all, Object{site, "kong services", fmt.Sprint(service["name"]), service})
	}
	for _, route := range kong.Entities("routes") {
		if service, ok := route["service"].(map[string]any); ok {
			route["service"] = services[service["id"]]
		}
		all = append(all, Object{site, "kong routes", fmt.Sprint(route["name"]), route})
	}
	return all
}

// kubernetesObjects asks for all kinds side by side: an API server takes a second
// for the first listing of some.
func (s *Scenario) kubernetesObjects(ctx context.Context) ([]Object, error) {
	var all []Object
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for site, cluster := range s.Clusters {
		for _, kind := range kinds {
			group.Go(func() error {
				list, err := cluster.Client().Resource(kind).List(ctx, metav1.ListOptions{})
				if err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				for _, o := range list.Items {
					content := map[string]any{"labels": o.GetLabels(), "spec": o.Object["spec"]}
					all = append(all, Object{site, kind.Group + " " + kind.Resource, o.GetName(), content})
				}
				return nil
			})
		}
	}
	err := group.Wait()
	return all, err
}

// Leftovers lists what should not be there after a destroy: objects, states
// that still hold something, and locks.
func (s *Scenario) Leftovers(ctx context.Context) ([]string, error) {
	objects, err := s.Objects(ctx)
	if err != nil {
		return nil, err
	}
	var left []string
	for _, o := range objects {
		left = append(left, o.String())
	}
	keys, err := s.Store.Keys(Bucket)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		n, err := s.stateSize(ctx, key)
		if err != nil || n > 0 {
			left = append(left, fmt.Sprintf("the store: %s, %d resources, %v", key, n, err))
		}
	}
	return left, nil
}

// stateSize is the number of resources in a state. What is no state, such as a
// lock, is an error.
func (s *Scenario) stateSize(ctx context.Context, key string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Store.URL+"/"+Bucket+"/"+key, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	var state struct {
		Serial    *int
		Resources []any
	}
	if err := json.Unmarshal(body, &state); err != nil || state.Serial == nil {
		return 0, fmt.Errorf("it is no state: %w", err)
	}
	return len(state.Resources), nil
}
