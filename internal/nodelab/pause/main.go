// Command pause stands in for the program of Kubernetes' pause image: it keeps a pod's namespaces until it is told to
// end. With -v, as the health check of `kubeadm upgrade apply` runs it, it ends at once.
package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
)

func main() {
	if slices.Contains(os.Args, "-v") {
		return
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
}
