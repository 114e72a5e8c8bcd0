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
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// story is the demo: its steps in order, and what they hand on.
type story struct {
	options
	tool   sandbox.Tool
	log    *os.File
	screen *screen

	systems *sandbox.Scenario
	tree    *sandbox.Tree
	objects []sandbox.Object
	drift   []change
}

func (s *story) stop() {
	if s.systems != nil {
		s.systems.Stop()
	}
}

// step is what a step does. It returns what is said of it: what stands on its
// line, and lines below.
type step func(ctx context.Context, note func(string)) (string, error)

// tell runs the steps until one fails.
func (s *story) tell(ctx context.Context) error {
	for _, next := range []struct {
		title string
		do    step
	}{
		{"start three sites and a store for state", s.start},
		{"generate the tree", s.generate},
		{"stage: plan", s.plan("stage")},
		{"stage: apply", s.apply("stage")},
		{"prod: plan", s.plan("prod")},
		{"prod: apply", s.apply("prod")},
		{"plan both again: nothing to change", s.planNothing},
		{"change something in each system by hand", s.tamper},
		{"plan: finds exactly that", s.planDrift},
		{"write the comment for the pull request", s.comment},
		{"apply: puts it right", s.applyAgain},
		{"plan both again: nothing to change", s.planNothing},
		{"add an environment", s.addEnvironment},
		{"destroy stage and prod", s.destroy},
		{"look into each system: nothing is left", s.nothingLeft},
	} {
		if err := s.screen.step(next.title, func(note func(string)) (string, error) { return next.do(ctx, note) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) start(ctx context.Context, _ func(string)) (string, error) {
	home := filepath.Join(s.dir, "home")
	systems, err := sandbox.StartScenario(ctx, sandbox.ScenarioOptions{Tools: s.tools, Home: home})
	if err != nil {
		return "", err
	}
	s.systems = systems
	config, err := workspace.Mirror(s.dir, s.program)
	if err != nil {
		return "", err
	}
	dir, err := filepath.Abs(filepath.Join(s.dir, "live"))
	if err != nil {
		return "", err
	}
	terragrunt, err := filepath.Abs(s.terragrunt)
	if err != nil {
		return "", err
	}
	s.tree = &sandbox.Tree{
		Dir: dir, Terragrunt: terragrunt, Tool: s.tool, Log: s.log,
		Env: append(systems.Env(), "TF_CLI_CONFIG_FILE="+config, "TF_IN_AUTOMATION=1"),
	}
	return fmt.Sprintf("Kubernetes %d, Harbor %d, Guacamole %d, Kong %d, S3 1",
		len(systems.Clusters), len(systems.Harbor), len(systems.Guacamole), len(systems.Kong)), nil
}

// plan plans an environment that is not there yet.
func (s *story) plan(env string) step {
	return func(ctx context.Context, _ func(string)) (string, error) {
		changes, err := s.tree.Plan(ctx, env, s.plans(env))
		if err != nil {
			return "", err
		}
		for _, c := range changes {
			if c.Actions != "[create]" {
				return "", fmt.Errorf("%s: %s, and nothing is there yet", c, c.Actions)
			}
		}
		return fmt.Sprintf("%d objects to create", len(changes)), nil
	}
}

// plans is the folder that gets the plans of a folder of the tree.
func (s *story) plans(name string) string { return filepath.Join(s.dir, "plans", name) }

func (s *story) apply(env string) step {
	return func(ctx context.Context, note func(string)) (string, error) {
		before := len(s.objects)
		if _, err := s.tree.Run(ctx, env, s.counted(note), "run", "--all", "apply"); err != nil {
			return "", err
		}
		var err error
		if s.objects, err = s.systems.Objects(ctx); err != nil {
			return "", err
		}
		if len(s.objects) == before {
			return "", errors.New("the apply made nothing")
		}
		return fmt.Sprintf("%d objects\n%s", len(s.objects)-before, bySystem(s.objects, env)), nil
	}
}

// counted notes how many objects Terraform says it has created, changed or
// destroyed.
func (s *story) counted(note func(string)) func(string) {
	n := 0
	return func(line string) {
		if strings.Contains(line, " complete after ") && !strings.Contains(line, ": Read complete") {
			n++
			note(fmt.Sprintf("%d done", n))
		}
	}
}

// bySystem counts the objects of an environment.
func bySystem(objects []sandbox.Object, env string) string {
	systems := map[string]string{"projectcalico.org": "Calico", "metallb.io": "MetalLB", "harbor": "Harbor", "guacamole": "Guacamole", "kong": "Kong"}
	counts := map[string]int{}
	for _, o := range objects {
		if o.Place == env || strings.HasPrefix(o.Place, env+"-") {
			kind, _, _ := strings.Cut(o.Kind, " ")
			counts[systems[kind]]++
		}
	}
	var words []string
	for _, system := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%s %d", system, counts[system]))
	}
	return strings.Join(words, ", ")
}

func (s *story) planNothing(ctx context.Context, _ func(string)) (string, error) {
	changes, err := s.tree.Plan(ctx, ".", s.plans("again"))
	if err == nil && len(changes) > 0 {
		err = fmt.Errorf("the plan would change\n  %s", strings.Join(list(changes), "\n  "))
	}
	return fmt.Sprintf("%d objects read", len(s.objects)), err
}

func list(changes []sandbox.Change) []string {
	lines := make([]string, len(changes))
	for i, c := range changes {
		lines[i] = c.String()
	}
	slices.Sort(lines)
	return lines
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
	changes, err := s.tree.Plan(ctx, ".", s.plans("drift"))
	if err != nil {
		return "", err
	}
	found, want := list(changes), make([]string, len(s.drift))
	for i, c := range s.drift {
		want[i] = c.address
	}
	slices.Sort(want)
	if !slices.Equal(found, want) {
		return "", fmt.Errorf("the plan would change\n  %s\nand should change\n  %s", strings.Join(found, "\n  "), strings.Join(want, "\n  "))
	}
	return fmt.Sprintf("%d of %d found\n%s", len(found), len(want), strings.Join(found, "\n")), nil
}

// comment writes what a pipeline would post of the plan that found the drift.
func (s *story) comment(ctx context.Context, _ func(string)) (string, error) {
	file := filepath.Join(s.dir, "comment.md")
	return "in " + file, s.runProgram(ctx, "comment", "--plans", s.plans("drift"), "--output", file)
}

func (s *story) applyAgain(ctx context.Context, note func(string)) (string, error) {
	_, err := s.tree.Run(ctx, ".", s.counted(note), "run", "--all", "apply")
	return "", err
}

func (s *story) destroy(ctx context.Context, note func(string)) (string, error) {
	_, err := s.tree.Run(ctx, ".", s.counted(note), "run", "--all", "--filter", "./stage/**", "--filter", "./prod/**", "destroy")
	return fmt.Sprintf("%d objects", len(s.objects)), err
}

func (s *story) nothingLeft(ctx context.Context, _ func(string)) (string, error) {
	left, err := s.systems.Leftovers(ctx)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("left over:\n  %s", strings.Join(left, "\n  "))
	}
	return "no object, no lock, every state empty", err
}
