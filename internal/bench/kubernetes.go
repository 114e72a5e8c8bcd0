package main

import (
	"context"
	"fmt"
	"os"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// kubernetes starts the real API server with a proxy in front that counts and
// delays.
func kubernetes(ctx context.Context) (*faulty.Handler, string, func(), error) {
	cluster, err := kubetest.Start(ctx, kubetest.Options{})
	if err != nil {
		return nil, "", nil, err
	}
	dir, err := os.MkdirTemp("", "onprem-bench-kubernetes-")
	if err != nil {
		cluster.Stop()
		return nil, "", nil, err
	}
	proxy, err := kubetest.NewProxy(cluster, dir)
	if err != nil {
		cluster.Stop()
		return nil, "", nil, err
	}
	stop := func() {
		proxy.Close()
		cluster.Stop()
		_ = os.RemoveAll(dir)
	}
	return proxy.Handler, fmt.Sprintf("kubernetes = { config_path = %q }", proxy.Kubeconfig), stop, nil
}
