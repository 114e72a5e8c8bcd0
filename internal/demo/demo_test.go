package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestChangedAddresses(t *testing.T) {
	t.Parallel()
	got, err := changedAddresses(`{"resource_changes": [
		{"address": "onprem_kong_route.b", "change": {"actions": ["create"]}},
		{"address": "onprem_kong_route.a", "change": {"actions": ["delete", "create"]}},
		{"address": "onprem_kong_route.c", "change": {"actions": ["no-op"]}},
		{"address": "data.onprem_kong_route.d", "change": {"actions": ["read"]}}
	]}`)
	if want := []string{"onprem_kong_route.a", "onprem_kong_route.b"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := changedAddresses("Error: no plan"); err == nil {
		t.Error("what is no plan should be an error")
	}
}

func TestCountObjects(t *testing.T) {
	t.Parallel()
	var counts []int
	countObjects(strings.NewReader("onprem_kong_route.a: Creating...\n"+
		"onprem_kong_route.a: Creation complete after 0s [id=1]\n"+
		strings.Repeat("x", 2<<20)+"\n"), func(n int) { counts = append(counts, n) })
	if !slices.Equal(counts, []int{1}) {
		t.Errorf("got %v, want [1]", counts)
	}
}

func TestBySystem(t *testing.T) {
	t.Parallel()
	got := bySystem([]string{`onprem_kong_route.a["x"]`, "onprem_harbor_project.b", "onprem_kong_service.c"})
	if want := "harbor 1, kong 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMirror(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	provider := filepath.Join(dir, "provider")
	if _, err := mirror(dir, provider); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("a provider that is not built: got %v", err)
	}
	if err := os.WriteFile(provider, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := mirror(dir, provider)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(config); err != nil || !bytes.Contains(text, []byte(`include = ["registry.terraform.io/onprem-tools/*"`)) {
		t.Errorf("got %s, %v", text, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "mirror", "*", "onprem-tools", "onprem", version, "*", "terraform-provider-onprem_v"+version))
	if err != nil || len(found) != len(hosts) {
		t.Errorf("the mirror should have the provider once for each registry, got %v, %v", found, err)
	}
}

func TestScreen(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &screen{out: &out}
	if err := s.step("plan", func(func(string)) (string, error) { return "2 found\none\ntwo", nil }); err != nil {
		t.Fatal(err)
	}
	cause := errors.New("no route to host")
	if err := s.step("apply", func(func(string)) (string, error) { return "", cause }); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"ok", "plan", "2 found\n", "   one\n", "   two\n", "FAILED"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the screen lacks %q:\n%s", want, out.String())
		}
	}
}
