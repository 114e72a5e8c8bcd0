// Command testrun is `make test`: it runs `go test` with the tool that was
// asked for and the Kubernetes API server that all packages share, shows
// progress while it works, and counts what was run.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/sandbox"
)

func main() { os.Exit(run()) }

// options is the command line.
type options struct {
	tf       string // terraform, terraform-1.14, tofu, none, or the path of one
	bin      string // folder of the tools that were built
	tools    string // folder with the Kubernetes programs; "" starts no API server
	tally    string // file that gets the counts, for whoever adds up several runs
	filter   string // go test -run
	race     bool   // with the race detector
	timeout  time.Duration
	packages []string
}

func run() int {
	var o options
	flag.StringVar(&o.tf, "tf", "", "`tool` the acceptance tests run: terraform, terraform-1.14, tofu or none (default: terraform when it is on PATH, else tofu)")
	flag.StringVar(&o.bin, "bin", ".tools/bin", "`directory` of the tools that were built")
	flag.StringVar(&o.tools, "tools", ".tools", "`directory` with the Kubernetes programs; empty: let each package start its own")
	flag.StringVar(&o.tally, "tally", "", "also write the counts to this `file`, as JSON")
	flag.StringVar(&o.filter, "run", "", "run only the tests that match this `pattern`")
	flag.BoolVar(&o.race, "race", false, "run with the race detector")
	flag.DurationVar(&o.timeout, "timeout", 30*time.Minute, "deadline of one package")
	flag.Parse()
	o.packages = flag.Args()
	if len(o.packages) == 0 {
		o.packages = []string{"./..."}
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	counts, err := testAll(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		return 1
	}
	if counts.Failed > 0 {
		return 1
	}
	return 0
}

// testAll prepares what the packages share and runs them.
func testAll(ctx context.Context, o options) (counts, error) {
	env := os.Environ()
	if o.tf != "none" {
		tool, err := sandbox.FindTool(ctx, o.tf, o.bin)
		if err != nil {
			return counts{}, err
		}
		fmt.Printf("testing with %s\n", tool.Version)
		env = append(env, tool.TestEnv()...)
	}
	if o.tools != "" && os.Getenv(kubetest.KubeconfigVariable) == "" {
		fmt.Println("starting the Kubernetes API server")
		cluster, err := sandbox.StartKubernetes(ctx, o.tools)
		if err != nil {
			return counts{}, err
		}
		defer cluster.Stop()
		env = append(env, kubetest.KubeconfigVariable+"="+cluster.Kubeconfig())
	}

	total, err := goTest(ctx, o, env)
	if err != nil {
		return total, err
	}
	if o.tally != "" {
		return total, writeTally(o.tally, total)
	}
	return total, nil
}

// goTest runs the packages and reports on them as they finish.
func goTest(ctx context.Context, o options, env []string) (counts, error) {
	args := []string{"test", "-json", "-timeout=" + o.timeout.String()}
	if o.race {
		args = append(args, "-race")
	}
	if o.filter != "" {
		args = append(args, "-run="+o.filter)
	}
	args = append(args, o.packages...)
	fmt.Println("go", strings.Join(args, " "))

	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = env
	cmd.Stderr = os.Stderr
	// An interrupt reaches the tests as well, so that they can clean up.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return counts{}, err
	}
	if err := cmd.Start(); err != nil {
		return counts{}, err
	}
	report := newReport(os.Stdout)
	readErr := report.read(out)
	waitErr := cmd.Wait()
	report.summary()
	if err := ctx.Err(); err != nil {
		return report.total, errors.New("interrupted")
	}
	if readErr != nil {
		return report.total, readErr
	}
	// go test fails for failing tests, which are counted. When it failed for
	// another reason, that reason must not go unnoticed.
	if waitErr != nil && report.total.Failed == 0 {
		return report.total, fmt.Errorf("go test: %w", waitErr)
	}
	return report.total, nil
}

func writeTally(file string, total counts) error {
	body, err := json.Marshal(total)
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(body, '\n'), 0o644)
}
