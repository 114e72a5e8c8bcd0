//go:build linux

package main

import (
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFromEnvironment(t *testing.T) {
	type result struct {
		Address, Interface, Node, Namespace, Lease string
		Durations                                  []time.Duration
	}
	tests := map[string]struct {
		environment map[string]string
		want        result
	}{
		"kube-vip's defaults": {
			environment: map[string]string{"address": "192.0.2.10", "vip_interface": "lo", "vip_nodename": "cp-1"},
			want: result{
				"192.0.2.10/32", "lo", "cp-1", "kube-system", "plndr-cp-lock",
				[]time.Duration{15 * time.Second, 10 * time.Second, 2 * time.Second},
			},
		},
		"all set": {
			environment: map[string]string{
				"address": "192.0.2.10", "vip_subnet": "24", "vip_interface": "lo", "vip_nodename": "cp-1",
				"cp_namespace": "vip", "vip_leasename": "lock",
				"vip_leaseduration": "5", "vip_renewdeadline": "3", "vip_retryperiod": "1",
			},
			want: result{
				"192.0.2.10/24", "lo", "cp-1", "vip", "lock",
				[]time.Duration{5 * time.Second, 3 * time.Second, time.Second},
			},
		},
		"older names": {
			environment: map[string]string{
				"vip_address": "192.0.2.10", "vip_cidr": "24", "vip_interface": "lo", "vip_nodename": "cp-1",
			},
			want: result{
				"192.0.2.10/24", "lo", "cp-1", "kube-system", "plndr-cp-lock",
				[]time.Duration{15 * time.Second, 10 * time.Second, 2 * time.Second},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for variable, value := range tt.environment {
				t.Setenv(variable, value)
			}
			s, err := fromEnvironment()
			if err != nil {
				t.Fatal(err)
			}
			got := result{
				s.vip.address.IPNet.String(), s.vip.link.Attrs().Name, s.node, s.namespace, s.lease,
				[]time.Duration{s.leaseDuration, s.renewDeadline, s.retryPeriod},
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARPReply(t *testing.T) {
	mac, ip := net.HardwareAddr{2, 0, 0, 0, 0, 1}, net.IP{192, 0, 2, 10}
	want := []byte{
		0, 1, 8, 0, 6, 4, 0, 2,
		2, 0, 0, 0, 0, 1, 192, 0, 2, 10,
		255, 255, 255, 255, 255, 255, 192, 0, 2, 10,
	}
	if diff := cmp.Diff(want, arpReply(mac, ip)); diff != "" {
		t.Error(diff)
	}
}
