package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// mirrorVersion is the version under which a mirror offers the provider that
// was built: that of the newest release, which modules ask for. Written by make
// generate.
const mirrorVersion = "0.1.0"

// hosts are the registries that Terraform and OpenTofu take onprem-tools/onprem
// from when a configuration names none.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// Mirror puts the provider's binary into a filesystem mirror in dir and writes
// the CLI configuration that takes it from there, as a site without internet
// would. It returns the path of that configuration. Unlike with the overrides
// that New writes, init works and versions count.
func Mirror(dir, provider string) (string, error) {
	provider, err := filepath.Abs(provider)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(provider); err != nil {
		return "", fmt.Errorf("%w; 'make build' builds the provider", err)
	}
	root, err := filepath.Abs(filepath.Join(dir, "mirror"))
	if err != nil {
		return "", err
	}
	for _, host := range hosts {
		target := filepath.Join(root, host, "onprem-tools", "onprem", mirrorVersion, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(target, 0o750); err != nil {
			return "", err
		}
		if err := os.Symlink(provider, filepath.Join(target, Provider+"_v"+mirrorVersion)); err != nil {
			return "", err
		}
	}
	config := filepath.Join(filepath.Dir(root), "cli.tfrc")
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
`, root), 0o600)
}

// Open makes a workspace of the configuration that is in dir, whose providers
// come from where config says, a CLI configuration such as that of Mirror.
func Open(tool, dir, config string) *Workspace {
	return &Workspace{Dir: dir, Env: environment(config), tool: tool}
}

// environment keeps the tool from asking, and from a developer's own settings.
func environment(config string) []string {
	return []string{"TF_CLI_CONFIG_FILE=" + config, "TF_IN_AUTOMATION=1", "TF_INPUT=0"}
}
