package main

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
)

func TestBySystem(t *testing.T) {
	t.Parallel()
	got := bySystem([]sandbox.Object{
		{Place: "stage-seoul", Kind: "kong routes"}, {Place: "stage", Kind: "harbor project"},
		{Place: "stage-seoul", Kind: "kong services"}, {Place: "prod", Kind: "harbor project"},
	}, "stage")
	if want := "Harbor 1, Kong 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCounted(t *testing.T) {
	t.Parallel()
	var notes []string
	line := (&story{}).counted(func(note string) { notes = append(notes, note) })
	line("onprem_kong_route.a: Creating...")
	line("data.onprem_kong_route.b: Read complete after 0s")
	line("onprem_kong_route.a: Creation complete after 0s [id=1]")
	if want := []string{"1 done"}; !slices.Equal(notes, want) {
		t.Errorf("got %q, want %q", notes, want)
	}
}

func TestLaboratoryIsShort(t *testing.T) {
	t.Parallel()
	if n := strings.Count(laboratory, "\n"); n > 15 {
		t.Errorf("an environment takes %d lines, want at most 15", n)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"root.hcl", "stage/app/terragrunt.hcl", "stage/app/.terragrunt-cache/x/main.tf", "stage/app/.terraform.lock.hcl"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := read(dir)
	if got, want := slices.Sorted(maps.Keys(files)), []string{"root.hcl", "stage/app/terragrunt.hcl"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if n := lines(files); n != 2 {
		t.Errorf("%d lines, want 2", n)
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
