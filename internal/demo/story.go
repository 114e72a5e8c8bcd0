package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
)

// story is the demo: its steps in order, and what they hand on.
type story struct {
	options
	tool   sandbox.Tool
	log    *os.File
	screen *screen

	systems   *sandbox.Sandbox
	workspace *workspace
	objects   int
	drift     []change
}

func (s *story) stop() {
	if s.systems != nil {
		s.systems.Stop()
	}
}

// tell runs the steps until one fails.
func (s *story) tell(ctx context.Context) error {
	for _, step := range []struct {
		title string
		do    func(ctx context.Context, note func(string)) (string, error)
	}{
		{"start Kubernetes, Harbor, Guacamole, Kong", s.start},
		{"init, provider from a filesystem mirror", s.init},
		{"apply the platform", s.apply},
		{"plan again: nothing to change", s.planNothing},
		{"change something in each system by hand", s.tamper},
		{"plan: finds exactly that", s.planDrift},
		{"apply: puts it right", s.applyAgain},
		{"plan again: nothing to change", s.planNothing},
		{"destroy", s.destroy},
		{"look into each system: nothing is left", s.nothingLeft},
	} {
		if err := s.screen.step(step.title, func(note func(string)) (string, error) { return step.do(ctx, note) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) start(ctx context.Context, _ func(string)) (string, error) {
	systems, err := sandbox.Start(ctx, s.tools)
	if err != nil {
		return "", err
	}
	s.systems = systems
	return "", systems.Kubernetes.Create(ctx, strings.NewReader(machines))
}

func (s *story) init(ctx context.Context, _ func(string)) (string, error) {
	config, err := mirror(s.dir, s.provider)
	if err != nil {
		return "", err
	}
	if config, err = filepath.Abs(config); err != nil {
		return "", err
	}
	env := append(s.systems.Env(), "TF_CLI_CONFIG_FILE="+config, "TF_IN_AUTOMATION=1")
	for name, value := range secrets {
		env = append(env, "TF_VAR_"+name+"="+value)
	}
	s.workspace, err = newWorkspace(s.tool, s.example, filepath.Join(s.dir, "platform"), env, s.log)
	if err != nil {
		return "", err
	}
	return "", s.workspace.run(ctx, func(int) {}, "init", "-input=false", "-no-color")
}

func (s *story) apply(ctx context.Context, note func(string)) (string, error) {
	counted := func(n int) { note(fmt.Sprintf("%d done", n)) }
	if err := s.workspace.run(ctx, counted, "apply", "-input=false", "-no-color", "-auto-approve"); err != nil {
		return "", err
	}
	addresses, err := s.workspace.objects(ctx)
	if err == nil && len(addresses) == 0 {
		err = errors.New("the apply made nothing")
	}
	s.objects = len(addresses)
	return fmt.Sprintf("%d objects: %s", s.objects, bySystem(addresses)), err
}

// bySystem counts resources by the system that is in their names.
func bySystem(addresses []string) string {
	counts := map[string]int{}
	for _, a := range addresses {
		counts[strings.Split(a, "_")[1]]++
	}
	var words []string
	for _, system := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%s %d", system, counts[system]))
	}
	return strings.Join(words, ", ")
}

func (s *story) planNothing(ctx context.Context, _ func(string)) (string, error) {
	changes, err := s.workspace.plan(ctx)
	if err == nil && len(changes) > 0 {
		err = fmt.Errorf("the plan would change %s", strings.Join(changes, ", "))
	}
	return fmt.Sprintf("%d objects read", s.objects), err
}

func (s *story) tamper(ctx context.Context, _ func(string)) (string, error) {
	s.drift = changes(s.systems)
	result := fmt.Sprintf("%d changes", len(s.drift))
	for _, c := range s.drift {
		if err := c.do(ctx); err != nil {
			return "", fmt.Errorf("%s: %w", c.what, err)
		}
		result += "\n" + c.what
	}
	return result, nil
}

func (s *story) planDrift(ctx context.Context, _ func(string)) (string, error) {
	found, err := s.workspace.plan(ctx)
	if err != nil {
		return "", err
	}
	want := make([]string, len(s.drift))
	for i, c := range s.drift {
		want[i] = c.address
	}
	slices.Sort(want)
	if !slices.Equal(found, want) {
		return "", fmt.Errorf("the plan would change\n  %s\nand should change\n  %s", strings.Join(found, "\n  "), strings.Join(want, "\n  "))
	}
	return fmt.Sprintf("%d of %d found\n%s", len(found), len(want), strings.Join(found, "\n")), nil
}

func (s *story) applyAgain(ctx context.Context, _ func(string)) (string, error) {
	return "", s.workspace.run(ctx, func(int) {}, "apply", "-input=false", "-no-color", "-auto-approve")
}

func (s *story) destroy(ctx context.Context, note func(string)) (string, error) {
	counted := func(n int) { note(fmt.Sprintf("%d of %d done", n, s.objects)) }
	return fmt.Sprintf("%d objects", s.objects), s.workspace.run(ctx, counted, "destroy", "-input=false", "-no-color", "-auto-approve")
}

func (s *story) nothingLeft(ctx context.Context, _ func(string)) (string, error) {
	left, err := leftovers(ctx, s.systems)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("left over: %s", strings.Join(left, ", "))
	}
	return "", err
}
