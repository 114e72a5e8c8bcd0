package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// All routes of a gateway with several pages arrive, and what they cost is
// counted.
func TestReadSome(t *testing.T) {
	t.Parallel()
	const n = 2*pageSize + 500
	row, err := readSome(t.Context(), n, n, 0)
	if err != nil {
		t.Fatal(err)
	}
	if row.Pages < 2 || row.Requests < row.Pages || row.Requests >= n || row.MB < 0.5 || row.CPU <= 0 {
		t.Errorf("got %+v, want most of %d routes from pages, of more than half a megabyte", row, n)
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	text := func(name string) *tfprotov6.SchemaAttribute {
		return &tfprotov6.SchemaAttribute{Name: name, Type: tftypes.String, Optional: true}
	}
	required := &tfprotov6.SchemaAttribute{Name: "list", Required: true, NestedType: &tfprotov6.SchemaObject{
		Nesting: tfprotov6.SchemaObjectNestingModeList,
		Attributes: []*tfprotov6.SchemaAttribute{
			text("note"), {Name: "ports", Type: tftypes.Set{ElementType: tftypes.Number}, Required: true},
		},
	}}
	secret := &tfprotov6.SchemaAttribute{Name: "secret_wo", Type: tftypes.String, Optional: true, WriteOnly: true}
	got := object([]*tfprotov6.SchemaAttribute{secret, text("a"), required, text("b")}, 2)
	want := map[string]any{
		"secret_wo": nil, "a": "value ${count.index}", "b": nil,
		"list": []any{map[string]any{"note": nil, "ports": []any{1}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	got := median([]cost{{took: 3, cpu: 10, rss: 7}, {took: 1, cpu: 30, rss: 8}, {took: 2, cpu: 20, rss: 9}})
	if want := (cost{took: 2, cpu: 20, rss: 8}); got != want {
		t.Errorf("got %+v, want %+v: each part by itself", got, want)
	}
}

// A process's own accounts are read while it works: this one's.
func TestProcessor(t *testing.T) {
	t.Parallel()
	for deadline := time.Now().Add(time.Minute); processor(os.Getpid()) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("no time on the processor was counted")
		}
	}
	if got, all := processor(os.Getpid()), ownCPU(); got > all+tick {
		t.Errorf("counted %s, the kernel says %s", got, all)
	}
	if peak(os.Getpid()) < 1<<20 {
		t.Errorf("%d bytes of memory are too few", peak(os.Getpid()))
	}
}

func TestHandshakeOfSomethingElse(t *testing.T) {
	t.Parallel()
	if _, err := handshake(t.Context(), "/bin/true"); err == nil || !strings.Contains(err.Error(), "no handshake") {
		t.Errorf("got %v, want that /bin/true is no provider", err)
	}
}

func TestUnknownPart(t *testing.T) {
	t.Parallel()
	o := options{only: "plan,creates", tool: "true"}
	if err := o.check(); err == nil || !strings.Contains(err.Error(), `no part "creates"`) {
		t.Errorf("got %v", err)
	}
}
