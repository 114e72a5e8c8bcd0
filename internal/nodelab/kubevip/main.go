//go:build linux

// Command kubevip is a stand-in for kube-vip in tests, where kube-vip's own image cannot be had. It does the part that
// a control plane depends on, and reads the same environment: one node at a time holds the Lease, has the virtual
// address on its interface and tells the LAN so.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// kubeconfig is where kube-vip's manifest mounts the one to take the Lease with.
const kubeconfig = "/etc/kubernetes/admin.conf"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	slog.Info("this is a stand-in for kube-vip, for tests")
	if err := run(ctx); err != nil {
		slog.Error("kube-vip stand-in ended", "error", err)
		os.Exit(1)
	}
}

// run holds the virtual address whenever it can have the Lease.
func run(ctx context.Context) error {
	s, err := fromEnvironment()
	if err != nil {
		return err
	}
	s.vip.drop() // the process before may have been killed
	elector, err := s.elector()
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		elector.Run(ctx) // until the Lease is lost
	}
	return nil
}

// settings are kube-vip's environment variables.
type settings struct {
	vip                                       *vip
	node, namespace, lease                    string
	leaseDuration, renewDeadline, retryPeriod time.Duration
}

func fromEnvironment() (*settings, error) {
	link, err := outgoing(variable("vip_interface"))
	if err != nil {
		return nil, err
	}
	address, err := netlink.ParseAddr(variable("address", "vip_address") + "/" + or(variable("vip_subnet", "vip_cidr"), "32"))
	if err != nil {
		return nil, fmt.Errorf("virtual address: %w", err)
	}
	node := variable("vip_nodename")
	if node == "" {
		if node, err = os.Hostname(); err != nil {
			return nil, err
		}
	}
	s := &settings{
		vip:       &vip{link: link, address: address},
		node:      node,
		namespace: or(variable("cp_namespace"), metav1.NamespaceSystem),
		lease:     or(variable("vip_leasename"), "plndr-cp-lock"),
	}
	for _, d := range []struct {
		to       *time.Duration
		variable string
		def      string
	}{
		{&s.leaseDuration, "vip_leaseduration", "15"},
		{&s.renewDeadline, "vip_renewdeadline", "10"},
		{&s.retryPeriod, "vip_retryperiod", "2"},
	} {
		seconds, err := strconv.Atoi(or(variable(d.variable), d.def))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.variable, err)
		}
		*d.to = time.Duration(seconds) * time.Second
	}
	return s, nil
}

// elector takes the Lease in the name of the node, and the virtual address with it.
func (s *settings) elector() (*leaderelection.LeaderElector, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	// As kube-vip: the API server of this node, which its certificate calls kubernetes and a host alias leads to.
	config.Host = "https://kubernetes:" + or(variable("port"), "6443")
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Name: s.lease, Namespace: s.namespace},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: s.node},
		},
		ReleaseOnCancel: true,
		LeaseDuration:   s.leaseDuration,
		RenewDeadline:   s.renewDeadline,
		RetryPeriod:     s.retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: s.vip.hold,
			OnStoppedLeading: s.vip.drop,
			OnNewLeader:      func(node string) { slog.Info("the virtual address is at", "node", node) },
		},
	})
}

// variable is the first of the environment variables that is set.
func variable(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// outgoing is the interface of that name, or the one that the default route leaves by.
func outgoing(name string) (netlink.Link, error) {
	if name != "" {
		return netlink.LinkByName(name)
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	for _, route := range routes {
		if route.Dst == nil || route.Dst.IP.IsUnspecified() {
			return netlink.LinkByIndex(route.LinkIndex)
		}
	}
	return nil, errors.New("vip_interface is not set and there is no default route")
}
