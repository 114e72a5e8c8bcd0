package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tool is a Terraform or an OpenTofu.
type Tool struct {
	Path    string
	Version string // in the tool's own words: "OpenTofu v1.12.6"
}

// FindTool finds the tool that was asked for: "terraform" on PATH, "tofu" or
// "terraform-1.14" among what was built into the folder bin, or any other
// program by its path. Without a wish it is terraform when that is on PATH, and
// else the built OpenTofu.
func FindTool(ctx context.Context, wish, bin string) (Tool, error) {
	switch wish {
	case "":
		if path, err := exec.LookPath("terraform"); err == nil {
			return identify(ctx, path)
		}
		return FindTool(ctx, "tofu", bin)
	case "tofu", "terraform-1.14":
		return identify(ctx, filepath.Join(bin, wish))
	case "terraform":
		path, err := exec.LookPath("terraform")
		if err != nil {
			return Tool{}, errors.New("there is no terraform on PATH; leave TF unset or say TF=tofu to use OpenTofu")
		}
		return identify(ctx, path)
	default:
		return identify(ctx, wish)
	}
}

func identify(ctx context.Context, path string) (Tool, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Tool{}, err
	}
	out, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return Tool{}, fmt.Errorf("%s does not run: %w; make tools-tofu and make tools-terraform-1.14 build what is not on PATH", path, err)
	}
	version, err := versionLine(string(out))
	if err != nil {
		return Tool{}, fmt.Errorf("%s: %w", path, err)
	}
	return Tool{Path: path, Version: version}, nil
}

// versionLine finds the version among what a tool prints: warnings about its
// CLI configuration come first.
func versionLine(out string) (string, error) {
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "Terraform v") || strings.HasPrefix(line, "OpenTofu v") {
			return strings.TrimSpace(line), nil
		}
	}
	return "", fmt.Errorf("neither Terraform nor OpenTofu: its version command prints %q", out)
}

// TestEnv tells terraform-plugin-testing which tool to run. A provider without
// a hostname belongs to another registry in OpenTofu, and the test harness has
// to offer ours under that address.
func (t Tool) TestEnv() []string {
	env := []string{
		"TF_ACC_TERRAFORM_PATH=" + t.Path,
		// A developer's own mirrors and overrides are not for tests.
		"TF_CLI_CONFIG_FILE=" + os.DevNull,
	}
	if strings.HasPrefix(t.Version, "OpenTofu") {
		env = append(env, "TF_ACC_PROVIDER_HOST=registry.opentofu.org", "TF_ACC_PROVIDER_NAMESPACE=hashicorp")
	}
	return env
}
