package harborapi

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
)

var internalError = faulty.Status(500, `{"errors":[{"code":"UNKNOWN","message":"internal server error"}]}`)

var faults = []faulty.Fault{
	faulty.Reset, faulty.Reset.After(), faulty.Hang, faulty.Hang.After(), faulty.TooManyRequests(0),
	internalError, internalError.After(), faulty.BadGateway, faulty.BadGateway.After(), faulty.Unavailable, faulty.Truncated, faulty.WrongType, faulty.Another, faulty.Another.After(),
	faulty.Status(401, `{"errors":[{"code":"UNAUTHORIZED","message":"unauthorized"}]}`),
}

// subject is one kind of object under the faults.
type subject struct {
	kind, name string
	match      string // its requests
	create     func(context.Context, *Client) error
	read       func(context.Context, *Client) error
	update     func(context.Context, *Client) error
	updated    map[string]any // as Harbor shows it after the update
	delete     func(context.Context, *Client) error
}

func subjects() []subject {
	policy := func(description string) ReplicationPolicy {
		return ReplicationPolicy{ReplicationPolicy: models.ReplicationPolicy{
			Name: "a", Description: description, DestNamespaceReplaceCount: new(int8(-1)), Speed: new(int32(0)),
			SrcRegistry: &models.Registry{ID: 1}, Trigger: &models.ReplicationTrigger{Type: "manual"},
			Filters: []*models.ReplicationFilter{{Type: "name", Value: "team1/**"}},
		}}
	}
	return []subject{
		{
			kind: harborsim.Project, name: "a", match: "* /api/v2.0/projects**",
			create: func(ctx context.Context, c *Client) error {
				return c.CreateProject(ctx, NewProject{Name: "a", Metadata: map[string]string{"public": "false", "auto_scan": "true"}})
			},
			read: func(ctx context.Context, c *Client) error { _, err := c.Project(ctx, "a"); return err },
			update: func(ctx context.Context, c *Client) error {
				return c.UpdateProject(ctx, "a", ProjectUpdate{Metadata: map[string]string{"severity": "low"}, Remove: []string{"auto_scan"}})
			},
			updated: map[string]any{"metadata": map[string]any{"public": "false", "severity": "low"}},
			delete:  func(ctx context.Context, c *Client) error { return c.DeleteProject(ctx, "a") },
		},
		{
			kind: harborsim.Registry, name: "dockerhub", match: "* /api/v2.0/registries**",
			create: func(ctx context.Context, c *Client) error {
				_, err := c.Registries.Create(ctx, new(hub()))
				return err
			},
			read: func(ctx context.Context, c *Client) error { _, err := c.Registries.Get(ctx, 1); return err },
			update: func(ctx context.Context, c *Client) error {
				return c.Registries.Update(ctx, 1, RegistryUpdate{RegistryUpdate: models.RegistryUpdate{Description: new("x")}})
			},
			updated: map[string]any{"description": "x"},
			delete:  func(ctx context.Context, c *Client) error { return c.Registries.Delete(ctx, 1) },
		},
		{
			kind: harborsim.ReplicationPolicy, name: "a", match: "* /api/v2.0/replication/policies**",
			create: func(ctx context.Context, c *Client) error {
				_, err := c.ReplicationPolicies.Create(ctx, new(policy("")))
				return err
			},
			read:    func(ctx context.Context, c *Client) error { _, err := c.ReplicationPolicies.Get(ctx, 1); return err },
			update:  func(ctx context.Context, c *Client) error { return c.ReplicationPolicies.Update(ctx, 1, policy("x")) },
			updated: map[string]any{"description": "x"},
			delete:  func(ctx context.Context, c *Client) error { return c.ReplicationPolicies.Delete(ctx, 1) },
		},
		labelSubject("a", 0), labelSubject("library/a", 1),
	}
}

// labelSubject is a label of all projects, or of one.
func labelSubject(name string, project int64) subject {
	return subject{
		kind: harborsim.Label, name: name, match: "* /api/v2.0/labels**",
		create: func(ctx context.Context, c *Client) error {
			_, err := c.Labels.In(project).Create(ctx, &Label{Name: "a", Color: "#48960C"})
			return err
		},
		read: func(ctx context.Context, c *Client) error { _, err := c.Labels.In(project).Get(ctx, 1); return err },
		update: func(ctx context.Context, c *Client) error {
			return c.Labels.In(project).Update(ctx, 1, &Label{Name: "a", Description: "x"})
		},
		updated: map[string]any{"description": "x", "color": nil},
		delete:  func(ctx context.Context, c *Client) error { return c.Labels.In(project).Delete(ctx, 1) },
	}
}

// TestFaults breaks every operation in every way, once and for as long as the
// operation lasts: nothing is doubled, orphaned or lost, and the next run
// gets there.
func TestFaults(t *testing.T) {
	t.Parallel()
	var cases sync.WaitGroup // side by side: they mostly wait
	slots := make(chan struct{}, 64)
	for _, o := range subjects() {
		for _, fault := range faults {
			for _, times := range []int{1, -1} {
				for name, test := range map[string]func(*broken){
					"create": (*broken).create, "read": (*broken).read, "update": (*broken).update, "delete": (*broken).delete,
				} {
					cases.Go(func() {
						slots <- struct{}{}
						defer func() { <-slots }()
						b := breakable(t, o)
						b.what = fmt.Sprintf("%s %s, %s, %d times", name, o.kind, fault, times)
						b.arm = func() {
							if strings.HasPrefix(fault.String(), faulty.Hang.String()) {
								b.c = b.impatient // before the fault: it is the same server
							}
							b.sim.Fail(o.match, fault, times)
						}
						test(b)
					})
				}
			}
		}
	}
	cases.Wait()
}

// TestEveryKindIsUnderFaults: whatever kind a test can reach in Harbor is in the table.
func TestEveryKindIsUnderFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range harborsim.New().Kinds() {
		if !slices.ContainsFunc(subjects(), func(o subject) bool { return o.kind == kind }) {
			t.Errorf("%s is not under faults", kind)
		}
	}
}

// broken is an object on a server about to fail.
type broken struct {
	subject
	t         *testing.T
	sim       *harborsim.Server
	c         *Client
	impatient *Client // gives up soon
	what      string
	arm       func()
}

// heal ends the faults.
func (b *broken) heal(patient *Client) {
	b.sim.Heal()
	b.c = patient
}

func breakable(t *testing.T, o subject) *broken {
	t.Helper()
	sim := harborsim.New()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	b := &broken{
		subject: o, t: t, sim: sim, c: connect(t, server.URL, api.Config{MaxRetries: 1}),
		impatient: connect(t, server.URL, api.Config{MaxRetries: 1, Timeout: time.Second}),
	}
	if o.kind == harborsim.ReplicationPolicy {
		if _, err := b.c.Registries.Create(t.Context(), new(hub())); err != nil {
			t.Error(err)
		}
	}
	return b
}

func (b *broken) check(good bool, format string, args ...any) {
	if !good {
		b.t.Errorf(b.what+": "+format, args...)
	}
}

func (b *broken) exists() int {
	n := 0
	for _, name := range b.sim.Names(b.kind) {
		if name == b.name {
			n++
		}
	}
	return n
}

// imported is the command that takes the object over.
func (b *broken) imported() string {
	return fmt.Sprintf("terraform import onprem_harbor_%s.<label> '%s'", b.kind, b.name)
}

func (b *broken) make() error { return b.subject.create(b.t.Context(), b.c) }

func (b *broken) create() {
	patient := b.c
	b.arm()
	err := b.make()
	b.heal(patient)
	switch {
	case err == nil:
		b.check(b.exists() == 1, "there are %v", b.sim.Names(b.kind))
	case b.exists() == 0:
		b.check(b.make() == nil, "the next create fails after %v", err)
	default: // it could not be looked for: the reader must know
		b.check(strings.Contains(hint(err), b.imported()), "it exists, and %v says only %q", err, hint(err))
	}
	b.check(len(b.sim.Names(b.kind)) == len(slices.Compact(b.sim.Names(b.kind))), "doubled: %v", b.sim.Names(b.kind))
}

func (b *broken) read() {
	b.check(b.make() == nil, "cannot be created")
	patient := b.c
	b.arm()
	err := b.subject.read(b.t.Context(), b.c)
	b.heal(patient)
	b.check(!api.IsNotFound(err), "taken for gone")
	b.check(b.subject.read(b.t.Context(), b.c) == nil, "the next read fails")
}

func (b *broken) update() {
	b.check(b.make() == nil, "cannot be created")
	patient := b.c
	b.arm()
	err := b.subject.update(b.t.Context(), b.c)
	b.heal(patient)
	if err != nil {
		err = b.subject.update(b.t.Context(), b.c)
	}
	b.check(err == nil, "the next update fails: %v", err)
	for field, want := range b.updated {
		have := b.sim.View(b.kind, b.name)[field]
		b.check(fmt.Sprint(have) == fmt.Sprint(want), "%s is %v, want %v", field, have, want)
	}
}

func (b *broken) delete() {
	b.check(b.make() == nil, "cannot be created")
	patient := b.c
	b.arm()
	err := b.subject.delete(b.t.Context(), b.c)
	b.heal(patient)
	if err != nil && !api.IsNotFound(err) {
		err = b.subject.delete(b.t.Context(), b.c)
	}
	b.check(err == nil || api.IsNotFound(err), "the next delete fails: %v", err)
	b.check(b.exists() == 0, "it is still there")
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(harborsim.New())
	server.Close()
	c := connect(t, server.URL, api.Config{MaxRetries: -1})
	err := c.CreateProject(t.Context(), NewProject{Name: "a"})
	if err == nil || !strings.Contains(hint(err), "Nothing listens there") {
		t.Errorf("got %v, hint %q", err, hint(err))
	}
}

// A Harbor that hangs costs one time-out, however many objects there are.
func TestHangIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 100} {
		sim := harborsim.New()
		server := httptest.NewServer(sim)
		t.Cleanup(server.Close)
		sim.Fail("* /**", faulty.Hang, -1)
		c := connect(t, server.URL, api.Config{Timeout: time.Second, MaxRetries: -1})
		begin := time.Now()
		faulty.AsTerraform(n, func(i int) {
			_, err := c.Project(t.Context(), fmt.Sprint("p", i))
			if err == nil || !strings.Contains(err.Error(), "no answer") || !strings.Contains(hint(err), "`request_timeout`") {
				t.Errorf("got %v, hint %q", err, hint(err))
			}
		})
		if took, requests := time.Since(begin), sim.Count("* /**"); took > 5*time.Second || requests > 1 {
			t.Errorf("%d projects took %s and %d requests, want one time-out", n, took, requests)
		}
		err := c.CreateProject(t.Context(), NewProject{Name: "a"}) // a write tries anew
		if requests := sim.Count("* /**"); err == nil || requests != 2 {
			t.Errorf("got %v from a write after %d requests", err, requests)
		}
	}
}

// What someone else made is never taken for our own, however the create fails.
func TestOthersAreNotAdopted(t *testing.T) {
	t.Parallel()
	for _, o := range subjects() {
		for name, prepare := range map[string]func(*broken){
			"made long ago": func(b *broken) { b.sim.Age(b.kind, b.name, time.Hour) },
			"of other content": func(b *broken) {
				changes := map[string]any{"description": "of someone else"}
				if b.kind == harborsim.Project {
					changes = map[string]any{"public": "true"}
				}
				b.check(b.sim.Edit(b.kind, b.name, changes) == nil, "cannot be edited")
			},
		} {
			t.Run(o.kind+" "+o.name+" "+name, func(t *testing.T) {
				t.Parallel()
				b := breakable(t, o)
				b.what = name
				ok(t, b.make())
				prepare(b)
				b.sim.Fail(strings.Replace(strings.TrimSuffix(o.match, "**"), "*", "POST", 1), faulty.Reset, 1)
				err := b.make()
				if err == nil || !strings.Contains(hint(err), b.imported()) {
					t.Errorf("got %v, hint %q", err, hint(err))
				}
			})
		}
	}
}

// A run that is interrupted while a create is under way still knows what it made.
func TestInterruptedCreate(t *testing.T) {
	t.Parallel()
	for _, o := range subjects() {
		t.Run(o.kind+" "+o.name, func(t *testing.T) {
			t.Parallel()
			b := breakable(t, o)
			b.sim.Fail(strings.Replace(strings.TrimSuffix(o.match, "**"), "*", "POST", 1), faulty.Hang.After(), 1)
			ctx, interrupt := context.WithCancel(t.Context())
			go func() {
				defer interrupt()
				for b.exists() == 0 && t.Context().Err() == nil {
					time.Sleep(time.Millisecond) // until the server has acted
				}
			}()
			if err := o.create(ctx, b.c); err != nil || b.exists() != 1 {
				t.Errorf("got %v with %v, want the object to be known", err, b.sim.Names(b.kind))
			}
		})
	}
}
