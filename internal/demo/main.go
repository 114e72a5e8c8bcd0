// Command demo is `make demo` and `make sandbox`. The demo is the whole story
// on this machine: it generates the tree of examples/generator, plans and
// applies two environments with Terragrunt, plans again, changes something
// behind Terraform's back in each system, puts it right, adds an environment,
// and destroys everything. Every step says what it found, and fails when that is
// not what it should be.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
)

type options struct {
	tf, bin, terragrunt, tools, program, example, dir string
	sandbox                                           bool
}

func main() {
	var o options
	flag.StringVar(&o.tf, "tf", "", "`tool` to run: terraform or tofu (default: terraform when it is on PATH, else tofu)")
	flag.StringVar(&o.bin, "bin", ".tools/bin", "`directory` of the tools that were built")
	flag.StringVar(&o.terragrunt, "terragrunt", ".tools/bin/terragrunt", "`path` of the built Terragrunt")
	flag.StringVar(&o.tools, "tools", ".tools", "`directory` with the Kubernetes programs")
	flag.StringVar(&o.program, "program", ".tools/bin/terraform-provider-onprem", "`path` of the built provider, which is the generator as well")
	flag.StringVar(&o.example, "example", "examples/generator", "`directory` of the platform files")
	flag.StringVar(&o.dir, "dir", ".tools/demo", "`directory` to work in; what it holds is removed first")
	flag.BoolVar(&o.sandbox, "sandbox", false, "start one server of each kind, print the variables to use them with, and wait")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := runDemo
	if o.sandbox {
		run = runSandbox
	}
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// runSandbox keeps the servers up until it is interrupted.
func runSandbox(ctx context.Context, o options) error {
	fmt.Fprintln(os.Stderr, "starting the servers …")
	s, err := sandbox.Start(ctx, o.tools)
	if err != nil {
		return err
	}
	defer s.Stop()
	if err := s.Kubernetes.Create(ctx, strings.NewReader(sandbox.Machines)); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "ready. In another terminal, paste:\n\n")
	for _, variable := range s.Env() {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Printf("export %s='%s'\n", name, value)
	}
	fmt.Fprintln(os.Stderr, "\nCtrl-C stops the servers and forgets what they hold.")
	<-ctx.Done()
	return nil
}

func runDemo(ctx context.Context, o options) error {
	if err := os.RemoveAll(o.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(o.dir, "demo.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	tool, err := sandbox.FindTool(ctx, o.tf, o.bin)
	if err != nil {
		return err
	}
	fmt.Printf("A company's platform on this machine, with %s and Terragrunt\n\n", tool.Version)
	s := &story{options: o, tool: tool, log: log, screen: newScreen(os.Stdout)}
	defer s.stop()
	began := time.Now()
	if err := s.tell(ctx); err != nil {
		return fmt.Errorf("%w\nthe output of every command is in %s", err, log.Name())
	}
	fmt.Printf("\nDone in %s. The platform is %s, the tree %s, the output of every command %s.\n",
		time.Since(began).Round(time.Second), o.example, s.tree.Dir, log.Name())
	return nil
}
