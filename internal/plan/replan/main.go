// Command replan makes the plans that the tests of package plan read, by really
// planning: for every folder under cases it applies before.tf, plans after.tf,
// and writes what "show -json" says, with Terraform and with OpenTofu.
//
// It is run by go generate, in internal/plan, with terraform and tofu on PATH.
// What differs from run to run is replaced, and what nobody reads is dropped.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

const plans = "testdata/plans"

// tools are the folders that the plans of a case are in, and so its units.
var tools = []string{"terraform", "tofu"}

// only says which tool knows what a case is about, where that is one.
var only = map[string]string{"abandon": "tofu"}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "replan:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cases, err := os.ReadDir("replan/cases")
	if err != nil {
		return err
	}
	for _, c := range cases {
		for _, tool := range tools {
			if wanted := only[c.Name()]; wanted != "" && wanted != tool {
				continue
			}
			if err := replan(ctx, c.Name(), tool); err != nil {
				return fmt.Errorf("%s with %s: %w", c.Name(), tool, err)
			}
		}
	}
	return nil
}

func replan(ctx context.Context, name, tool string) error {
	folder, err := os.MkdirTemp("", "replan")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	before, after := filepath.Join("replan/cases", name, "before.tf"), filepath.Join("replan/cases", name, "after.tf")
	steps := []func() error{
		func() error { return configure(folder, before) },
		func() error { return execute(ctx, folder, tool, "init", "-input=false") },
		func() error { return execute(ctx, folder, tool, "apply", "-input=false", "-auto-approve") },
		func() error { return depose(folder, name) },
		func() error { return configure(folder, after) },
		func() error { return execute(ctx, folder, tool, "plan", "-input=false", "-out=plan") },
		func() error { return show(ctx, folder, tool, filepath.Join(plans, name, tool)) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func configure(folder, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "main.tf"), content, 0o600)
}

func execute(ctx context.Context, folder, tool string, args ...string) error {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, out)
	}
	return nil
}

// depose adds a leftover object to the state, such as a replacement leaves that
// was broken off. It cannot be brought about with terraform_data alone.
func depose(folder, name string) error {
	if name != "deposed" {
		return nil
	}
	file := filepath.Join(folder, "terraform.tfstate")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var state map[string]any
	if err := json.Unmarshal(content, &state); err != nil {
		return err
	}
	resource, _ := state["resources"].([]any)[0].(map[string]any)
	instances, _ := resource["instances"].([]any)
	if len(instances) == 0 {
		return errors.New("the state has no instance")
	}
	leftover := map[string]any{"deposed": "5f3c9a1e"}
	current, _ := instances[0].(map[string]any)
	for key, value := range current {
		leftover[key] = value
	}
	resource["instances"] = append(instances, leftover)
	if content, err = json.Marshal(state); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

// uuid matches the ids that terraform_data makes up.
var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

func show(ctx context.Context, folder, tool, target string) error {
	cmd := exec.CommandContext(ctx, tool, "show", "-json", "plan")
	cmd.Dir = folder
	content, err := cmd.Output()
	if err != nil {
		return err
	}
	var plan map[string]json.RawMessage
	if err := json.Unmarshal(content, &plan); err != nil {
		return err
	}
	for _, unread := range []string{"timestamp", "planned_values", "relevant_attributes"} {
		delete(plan, unread)
	}
	// As the tools write it: on one line.
	if content, err = json.Marshal(plan); err != nil {
		return err
	}
	ids := map[string]string{}
	content = uuid.ReplaceAllFunc(content, func(id []byte) []byte {
		if ids[string(id)] == "" {
			ids[string(id)] = fmt.Sprintf("00000000-0000-4000-8000-%012d", len(ids)+1)
		}
		return []byte(ids[string(id)])
	})
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(target, "tfplan.json"), append(bytes.TrimSpace(content), '\n'), 0o644)
}
