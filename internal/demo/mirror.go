package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// version is the one under which the demo offers the provider that was built.
const version = "0.1.0"

// hosts are the registries that Terraform and OpenTofu take onprem-tools/onprem
// from when a configuration names none.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// mirror puts the provider into a filesystem mirror and writes the CLI
// configuration that takes it from there, as a site without internet would.
// It returns the path of that configuration.
func mirror(dir, provider string) (string, error) {
	binary, err := filepath.Abs(provider)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(binary); err != nil {
		return "", fmt.Errorf("%w; 'make build' builds the provider", err)
	}
	root, err := filepath.Abs(filepath.Join(dir, "mirror"))
	if err != nil {
		return "", err
	}
	for _, host := range hosts {
		target := filepath.Join(root, host, "onprem-tools", "onprem", version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(target, 0o755); err != nil {
			return "", err
		}
		if err := os.Symlink(binary, filepath.Join(target, "terraform-provider-onprem_v"+version)); err != nil {
			return "", err
		}
	}
	config := filepath.Join(dir, "cli.tfrc")
	return config, os.WriteFile(config, fmt.Appendf(nil, `disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path    = %q
    include = ["registry.terraform.io/onprem-tools/*", "registry.opentofu.org/onprem-tools/*"]
  }
  direct {
    exclude = ["registry.terraform.io/onprem-tools/*", "registry.opentofu.org/onprem-tools/*"]
  }
}
`, root), 0o644)
}
