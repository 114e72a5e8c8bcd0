// Command kubesandbox keeps a Kubernetes API server for tests and the demo running. The first line it prints is the
// path of a kubeconfig; it ends, and removes what it made, on an interrupt or when its standard input closes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func main() {
	tools := flag.String("tools", "", "`folder` with bin/ and crds/, as `make tools-test` fills it (default: .tools of the module)")
	objects := flag.String("objects", "", "YAML `file` of objects to create, status included")
	wait := flag.Duration("wait", 2*time.Minute, "how long to wait for another sandbox to end")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *tools, *objects, *wait); err != nil {
		fmt.Fprintln(os.Stderr, "kubesandbox:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, tools, objects string, wait time.Duration) error {
	begin := time.Now()
	starting, cancel := context.WithTimeout(ctx, wait+time.Minute)
	defer cancel()
	cluster, err := kubetest.Start(starting, kubetest.Options{Tools: tools})
	if err != nil {
		return err
	}
	defer cluster.Stop()
	if objects != "" {
		if err := seed(ctx, cluster, objects); err != nil {
			return err
		}
	}
	fmt.Println(cluster.Kubeconfig())
	fmt.Fprintf(os.Stderr, "ready after %.1f s\n", time.Since(begin).Seconds())

	ctx, cancel = context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	<-ctx.Done()
	return nil
}

func seed(ctx context.Context, cluster *kubetest.Cluster, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return cluster.Create(ctx, file)
}
