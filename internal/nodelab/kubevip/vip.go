//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
)

// vip is the virtual address and where it goes.
type vip struct {
	mu      sync.Mutex // hold and drop overlap
	link    netlink.Link
	address *netlink.Addr
}

// hold has the address until ctx ends, and tells the LAN again and again: an announcement can get lost.
func (v *vip) hold(ctx context.Context) {
	slog.Info("taking the virtual address", "address", v.address.IPNet, "interface", v.link.Attrs().Name)
	again := time.NewTicker(3 * time.Second)
	defer again.Stop()
	for {
		if err := v.take(ctx); err != nil {
			slog.Error("the virtual address is not announced", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// take has the address on the interface from now on, unless ctx has ended.
func (v *vip) take(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	if err := netlink.AddrReplace(v.link, v.address); err != nil {
		return err
	}
	return v.announce()
}

// drop gives the address up, if it is there.
func (v *vip) drop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	err := netlink.AddrDel(v.link, v.address)
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		return
	}
	slog.Info("gave the virtual address up", "address", v.address.IPNet, "error", err)
}

// announce sends a gratuitous ARP reply: whoever knew the address elsewhere now has it here.
func (v *vip) announce() error {
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	to := &syscall.SockaddrLinklayer{
		Protocol: networkOrder(syscall.ETH_P_ARP),
		Ifindex:  v.link.Attrs().Index,
		Halen:    6,
		Addr:     [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	}
	return syscall.Sendto(fd, arpReply(v.link.Attrs().HardwareAddr, v.address.IP.To4()), 0, to)
}

// arpReply says to everybody that ip is at mac (RFC 826).
func arpReply(mac net.HardwareAddr, ip net.IP) []byte {
	p := []byte{0, 1, 8, 0, 6, 4, 0, 2} // Ethernet, IPv4, their lengths, reply
	p = append(append(p, mac...), ip...)
	p = append(append(p, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), ip...)
	return p
}

func networkOrder(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}
