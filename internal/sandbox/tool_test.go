package sandbox

import (
	"slices"
	"strings"
	"testing"
)

func TestTestEnv(t *testing.T) {
	t.Parallel()
	tofu := Tool{Path: "/bin/tofu", Version: "OpenTofu v1.12.6"}.TestEnv()
	if !slices.Contains(tofu, "TF_ACC_PROVIDER_HOST=registry.opentofu.org") {
		t.Errorf("OpenTofu needs its own registry host, got %s", tofu)
	}
	terraform := Tool{Path: "/bin/terraform", Version: "Terraform v1.11.4"}.TestEnv()
	if !slices.Contains(terraform, "TF_ACC_TERRAFORM_PATH=/bin/terraform") || strings.Contains(strings.Join(terraform, " "), "PROVIDER_HOST") {
		t.Errorf("got %s", terraform)
	}
}

func TestFindToolSaysHowToGetOne(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for wish, want := range map[string]string{
		"":               "make tools-tofu",
		"tofu":           "make tools-tofu",
		"terraform-1.14": "make tools-terraform-1.14",
		"terraform":      "no terraform on PATH",
	} {
		_, err := FindTool(t.Context(), wish, "/nowhere")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", wish, err, want)
		}
	}
}

func TestVersionLine(t *testing.T) {
	t.Parallel()
	got, err := versionLine("\nWarning: Unable to open CLI configuration file\n\nOpenTofu v1.12.6\non linux_amd64\n")
	if err != nil || got != "OpenTofu v1.12.6" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := versionLine("Packer v1.9.0\n"); err == nil {
		t.Error("another program should be refused")
	}
}
