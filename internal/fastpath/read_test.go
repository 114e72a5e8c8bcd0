package fastpath_test

import (
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/fastpath"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

const harborProject = "onprem_harbor_project"

// TestRead: objects that are as their state says, and others, of every system.
func TestRead(t *testing.T) {
	systems := map[string]struct {
		settings func(*testing.T) map[string]string
		prefixes []string // of its types
		share    int      // of the rounds
	}{
		"harbor": {func(t *testing.T) map[string]string {
			t.Helper()
			return harborSettings(t, harborsim.New())
		}, []string{"onprem_harbor_"}, 1},
		"kong": {func(t *testing.T) map[string]string {
			t.Helper()
			s := httptest.NewServer(kongsim.New().Handler)
			t.Cleanup(s.Close)
			return map[string]string{"admin_url": s.URL}
		}, []string{"onprem_kong_"}, 1},
		"guacamole": {func(t *testing.T) map[string]string {
			t.Helper()
			s := httptest.NewServer(guacsim.New().Handler)
			t.Cleanup(s.Close)
			return map[string]string{"url": s.URL, "username": "guacadmin", "password": "guacadmin"}
		}, []string{"onprem_guacamole_"}, 1},
		"kubernetes": {func(t *testing.T) map[string]string {
			t.Helper()
			return map[string]string{"config_path": kubetest.Shared(t).Kubeconfig()}
		}, []string{"onprem_calico_", "onprem_metallb_"}, 10}, // a real API server takes its time
	}
	for name := range ours(t, "", nil).schemas {
		of := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		read := false
		for _, system := range systems {
			read = read || slices.ContainsFunc(system.prefixes, of)
		}
		if _, excepted := exceptions[name]; read == excepted {
			t.Errorf("%s: read from a system: %v, excepted: %v", name, read, excepted)
		}
	}
	for name, system := range systems {
		t.Run(name, func(t *testing.T) {
			p, m := ours(t, name, system.settings(t)), newMaker(t)
			references := referred(t, p, name)
			for _, name := range slices.Sorted(maps.Keys(p.schemas)) {
				if !slices.ContainsFunc(system.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
					continue
				}
				t.Run(name, func(t *testing.T) {
					n := &tally{}
					for i := 0; i < *rounds/system.share || n.compared == 0 && i < 100; i++ { // not every system takes every object
						readRandom(t, p, m, name, references, n)
					}
					n.check(t, name)
				})
			}
		})
	}
}

func harborSettings(t *testing.T, h *harborsim.Server) map[string]string {
	t.Helper()
	s := httptest.NewServer(h.Handler)
	t.Cleanup(s.Close)
	return map[string]string{"url": s.URL, "username": "admin", "password": "Harbor12345"}
}

// readRandom makes an object, if the system takes it, and reads it by its state
// and by others.
func readRandom(t *testing.T, p *pair, m *maker, name string, references map[string]any, n *tally) {
	t.Helper()
	s := p.schemas[name]
	config := settled(t, m.config(t, name, s, false), references)
	created := create(t, p, name, config)
	if created == nil {
		return
	}
	state := decode(t, config.Type(), created.NewState)
	for i := range 6 {
		of := stored{state: state}
		if i > 1 {
			of.state = m.mutate(t, state, s.Block.Attributes, 1+m.IntN(2), false)
		}
		switch i {
		case 1, 3:
			of.identity = created.NewIdentity
		case 4:
			of.private = `{"key":"InZhbHVlIg=="}`
		case 5:
			of.state = anything(t, m, state, s.Block.Attributes)
		}
		of.state = somewhere(t, of.state, state)
		n.note(p.read(t, name, of))
	}
	destroy(t, p, name, created)
}

// create makes an object; nil when provider or system refuse it.
func create(t *testing.T, p *pair, name string, config tftypes.Value) *tfprotov6.ApplyResourceChangeResponse {
	t.Helper()
	encoded, null := encode(t, config), encode(t, tftypes.NewValue(config.Type(), nil))
	valid, err := p.framework.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: name, Config: encoded,
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err != nil || failed(valid.Diagnostics) {
		return nil
	}
	planned, err := p.framework.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: name, Config: encoded, PriorState: null, ProposedNewState: encoded,
	})
	if err != nil || failed(planned.Diagnostics) {
		return nil
	}
	created, err := p.framework.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: name, Config: encoded, PriorState: null, PlannedState: planned.PlannedState, PlannedIdentity: planned.PlannedIdentity,
	})
	if err != nil {
		t.Fatal(err)
	}
	if decode(t, config.Type(), created.NewState).IsNull() {
		return nil
	}
	return created
}

func destroy(t *testing.T, p *pair, name string, created *tfprotov6.ApplyResourceChangeResponse) {
	t.Helper()
	null := encode(t, tftypes.NewValue(p.schemas[name].ValueType(), nil))
	gone, err := p.framework.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: name, Config: null, PriorState: created.NewState, PlannedState: null, PlannedIdentity: created.NewIdentity,
	})
	if err != nil || failed(gone.Diagnostics) {
		t.Fatal(err, words(gone.Diagnostics))
	}
}

// referred makes what objects of a system refer to, by attribute.
func referred(t *testing.T, p *pair, system string) map[string]any {
	t.Helper()
	if system != "harbor" {
		return map[string]any{"service": nil}
	}
	made := func(name string, set map[string]any) map[string]tftypes.Value {
		typ := p.schemas[name].ValueType()
		created := create(t, p, name, object(typ, set))
		if created == nil {
			t.Fatalf("no %s", name)
		}
		return attributes(t, decode(t, typ, created.NewState))
	}
	registry := made("onprem_harbor_registry", map[string]any{"name": "mirror", "type": "docker-hub", "url": "https://hub.docker.com"})["id"]
	project := made(harborProject, map[string]any{"name": "referred"})["project_id"]
	return map[string]any{"src_registry_id": registry, "dest_registry_id": registry, "project_id": project}
}

// settled makes references point at something.
func settled(t *testing.T, config tftypes.Value, references map[string]any) tftypes.Value {
	t.Helper()
	set := map[string]any{}
	for name, v := range attributes(t, config) {
		set[name] = v
		if to, ok := references[name]; ok && !v.IsNull() {
			set[name] = to
		}
	}
	return object(config.Type(), set)
}

// anything changes an attribute that the system decides on too.
func anything(t *testing.T, m *maker, v tftypes.Value, all []*tfprotov6.SchemaAttribute) tftypes.Value {
	t.Helper()
	changed := attributes(t, v)
	if a := all[m.IntN(len(all))]; !a.WriteOnly {
		changed[a.Name] = m.value(a.ValueType(), a.Name)
	}
	return tftypes.NewValue(v.Type(), changed)
}

// somewhere keeps an object in its namespace: without any a single read fails,
// and a listing, which comes later, finds nothing.
func somewhere(t *testing.T, v, original tftypes.Value) tftypes.Value {
	t.Helper()
	set := attributes(t, v)
	if _, namespaced := set["namespace"]; namespaced {
		set["namespace"] = attributes(t, original)["namespace"]
	}
	return tftypes.NewValue(v.Type(), set)
}

func identity(encoded string) *tfprotov6.ResourceIdentityData {
	return &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{MsgPack: []byte(encoded)}}
}

// TestReadOnce: whatever has become of an object, it is asked for as often as
// the framework would.
func TestReadOnce(t *testing.T) {
	h := harborsim.New()
	settings := harborSettings(t, h)
	p := ours(t, "harbor", settings)
	typ := p.schemas[harborProject].ValueType()
	created := create(t, p, harborProject, object(typ, map[string]any{"name": "x1"}))
	state := decode(t, typ, created.NewState)
	changed := attributes(t, state)
	changed["public"] = tftypes.NewValue(tftypes.Bool, true)
	fails := func(f faulty.Fault) func() { return func() { h.Fail("GET /api/v2.0/**", f, -1) } }

	for _, c := range []struct {
		name   string
		of     stored
		before func()
		quick  bool
	}{
		{"unchanged", stored{state: state, identity: created.NewIdentity}, nil, true},
		{"no identity", stored{state: state}, nil, true},
		{"private state", stored{state, created.NewIdentity, `{"k":"InYi"}`}, nil, true},
		{"private state, spelled otherwise", stored{state, created.NewIdentity, `{ "k": "InYi" }`}, nil, false},
		{"private state that is no JSON", stored{state, created.NewIdentity, `{"k":"Zm9v"}`}, nil, false},
		{"private state of another make", stored{state, created.NewIdentity, `{"schema_version":"1"}`}, nil, false},
		{"imported", stored{state, created.NewIdentity, `{".import_before_read":"dHJ1ZQ=="}`}, nil, false},
		{"changed", stored{state: tftypes.NewValue(typ, changed), identity: created.NewIdentity}, nil, false},
		{"null identity", stored{state: state, identity: identity("\xc0")}, nil, false},
		{"another identity", stored{state: state, identity: identity("\x81\xa4name\xa2zz")}, nil, false},
		{"forbidden", stored{state: state, identity: created.NewIdentity}, fails(faulty.Status(403, `{"errors":[{"code":"FORBIDDEN","message":"forbidden"}]}`)), false},
		{"wrong type", stored{state: state, identity: created.NewIdentity}, fails(faulty.WrongType), false},
		{"gone", stored{state: state, identity: created.NewIdentity}, func() { destroy(t, p, harborProject, created) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, two := ours(t, "harbor", settings), ours(t, "harbor", settings) // so that neither remembers what the other has read
			if c.before != nil {
				c.before()
			}
			req := tfprotov6.ReadResourceRequest{TypeName: harborProject, CurrentState: encode(t, c.of.state), CurrentIdentity: c.of.identity, Private: []byte(c.of.private)}
			framework, asked := readCounted(t, h, one.framework, req)
			fast, askedFast := readCounted(t, h, two.fast, req)
			h.Heal()
			sameRead(t, two, harborProject, c.name, framework, fast)
			if quick := two.left.n == 0; quick != c.quick || asked != askedFast {
				t.Errorf("answered by the fast path: %v; %d requests, by the framework %d", quick, askedFast, asked)
			}
		})
	}
}

func readCounted(t *testing.T, h *harborsim.Server, s fastpath.Server, req tfprotov6.ReadResourceRequest) (resp *tfprotov6.ReadResourceResponse, asked int) {
	t.Helper()
	h.Reset()
	resp, err := s.ReadResource(t.Context(), &req)
	if err != nil {
		t.Fatal(err)
	}
	return resp, h.Count("GET /api/v2.0/projects/x1")
}

// TestConfiguredTwice: a provider that is configured again, as one process for
// debugging may be, reads from the new server.
func TestConfiguredTwice(t *testing.T) {
	p := ours(t, "harbor", harborSettings(t, harborsim.New()))
	typ := p.schemas[harborProject].ValueType()
	created := create(t, p, harborProject, object(typ, map[string]any{"name": "x1"}))
	of := stored{state: decode(t, typ, created.NewState), identity: created.NewIdentity}
	if !p.read(t, harborProject, of) {
		t.Fatal("left to the framework")
	}
	p.configure(t, "harbor", harborSettings(t, harborsim.New()))
	if p.read(t, harborProject, of) {
		t.Error("found on a server that does not have it")
	}
}
