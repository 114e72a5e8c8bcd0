// Command crds writes the CustomResourceDefinitions of Calico, MetalLB, frr-k8s and KubeVirt into a folder, and the
// registration of MetalLB's webhooks into its folder webhooks. It takes
// them out of the Go modules these projects publish, at the versions the modules beside it pin: what the tests run
// against is what is released, and none of it lies in this repository.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run . FOLDER")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatal("crds: ", err)
	}
}

// sources are the YAML files modules carry, the module of tools/ that pins each, and where the files go.
var sources = []struct{ pinnedBy, module, files, to string }{
	{"../calico", "github.com/projectcalico/calico", "libcalico-go/config/crd/crd.projectcalico.org_*.yaml", ""},
	{"../metallb", "go.universe.tf/metallb", "config/crd/bases/metallb.io_*.yaml", ""},
	{"../metallb", "github.com/metallb/frr-k8s", "config/crd/bases/frrk8s.metallb.io_*.yaml", ""},
	{"../metallb", "go.universe.tf/metallb", "config/webhook/manifests.yaml", "webhooks"},
}

func write(folder string) error {
	if err := os.MkdirAll(filepath.Join(folder, "webhooks"), 0o755); err != nil {
		return err
	}
	for _, s := range sources {
		if err := copyFiles(s.pinnedBy, s.module, s.files, filepath.Join(folder, s.to)); err != nil {
			return fmt.Errorf("%s: %w", s.module, err)
		}
	}
	crd, err := virtualMachineInstances()
	if err != nil {
		return fmt.Errorf("kubevirt.io/kubevirt: %w", err)
	}
	return os.WriteFile(filepath.Join(folder, "kubevirt.io_virtualmachineinstances.yaml"), crd, 0o644)
}

func copyFiles(pinnedBy, module, glob, folder string) error {
	root, err := moduleDir(pinnedBy, module)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(root, glob))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no file matches %s", glob)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(file)), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// moduleDir downloads a module, at the version the module in folder pins it, and tells where it lies.
func moduleDir(folder, module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	out, err := cmd.Output()
	var answer struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &answer); err == nil {
		err = jsonErr
	}
	if err != nil {
		return "", fmt.Errorf("go mod download: %w %s", err, answer.Error)
	}
	return answer.Dir, nil
}

// virtualMachineInstances assembles what virt-operator installs: the schema in KubeVirt's source, and the few fields
// it adds to it.
func virtualMachineInstances() ([]byte, error) {
	root, err := moduleDir(".", "kubevirt.io/kubevirt")
	if err != nil {
		return nil, err
	}
	const source = "pkg/virt-operator/resource/generate/components/validations_generated.go"
	schema, err := mapEntry(filepath.Join(root, source), "virtualmachineinstance")
	if err != nil {
		return nil, err
	}
	var crd bytes.Buffer
	crd.WriteString(header)
	for _, version := range []string{"v1", "v1alpha3"} {
		fmt.Fprintf(&crd, versionHeader, version, version == "v1")
		for line := range strings.Lines(schema) {
			crd.WriteString("      " + line)
		}
	}
	return crd.Bytes(), nil
}

const header = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: virtualmachineinstances.kubevirt.io
spec:
  group: kubevirt.io
  scope: Namespaced
  names:
    kind: VirtualMachineInstance
    listKind: VirtualMachineInstanceList
    plural: virtualmachineinstances
    singular: virtualmachineinstance
    shortNames: [vmi, vmis]
    categories: [all]
  versions:
`

const versionHeader = `  - name: %s
    served: true
    storage: %t
    schema:
`

// mapEntry finds the string under a key of a map literal in a Go file.
func mapEntry(file, key string) (string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var value string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok && literal(kv.Key) == key {
			value = literal(kv.Value)
		}
		return value == ""
	})
	if value == "" {
		return "", fmt.Errorf("%s has no entry %q", file, key)
	}
	return value, nil
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}
