package main

import (
	"fmt"
	"log"
	"net"
	"syscall"
	"unsafe"
)

const bridge = "node0"

// makeNetwork gives the machine its addresses, on a bridge that nothing else is attached to. Pods get links of their own.
func makeNetwork(s settings) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	check("socket", err)
	defer syscall.Close(socket)
	raise(socket, "lo")
	name := append([]byte(bridge), 0)
	check("bridge", ioctl(socket, sioCreateBridge, unsafe.Pointer(&name[0])))
	for i, address := range s.addresses {
		label := bridge
		if i > 0 {
			label = fmt.Sprintf("%s:%d", bridge, i)
		}
		setAddress(socket, syscall.SIOCSIFADDR, label, net.ParseIP(address))
		setAddress(socket, syscall.SIOCSIFNETMASK, label, net.IP(net.CIDRMask(24, 32)))
	}
	raise(socket, bridge)
	_, services, err := net.ParseCIDR(s.services)
	check("services", err)
	// The Services' addresses need some route until kube-proxy's rules turn them into a pod's.
	addRoute(socket, services, bridge, 0)
	// Whatever is not on this machine fails at once, instead of after a time-out.
	_, everything, _ := net.ParseCIDR("0.0.0.0/0")
	addRoute(socket, everything, "", syscall.RTF_REJECT)
	writeFile("/proc/sys/net/ipv4/ip_forward", "1")
}

const sioCreateBridge = 0x89a0

type address struct {
	family uint16
	port   uint16
	ip     [4]byte
	_      [8]byte
}

func inet(ip net.IP) address {
	v4 := ip.To4()
	if v4 == nil {
		log.Fatalf("%s: not an IPv4 address", ip)
	}
	return address{family: syscall.AF_INET, ip: [4]byte(v4)}
}

func setAddress(socket int, request uintptr, label string, ip net.IP) {
	argument := struct {
		name    [syscall.IFNAMSIZ]byte
		address address
		_       [8]byte
	}{address: inet(ip)}
	copy(argument.name[:], label)
	check("address of "+label, ioctl(socket, request, unsafe.Pointer(&argument)))
}

func raise(socket int, link string) {
	argument := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(argument.name[:], link)
	check(link, ioctl(socket, syscall.SIOCSIFFLAGS, unsafe.Pointer(&argument)))
}

// addRoute is the kernel's struct rtentry.
func addRoute(socket int, to *net.IPNet, device string, flags uint16) {
	route := struct {
		_       uint64
		to      address
		gateway address
		mask    address
		flags   uint16
		_       uint16
		_       uint64
		_       uint64
		metric  uint16
		device  *byte
		mtu     uint64
		window  uint64
		irtt    uint16
	}{to: inet(to.IP), mask: inet(net.IP(to.Mask)), flags: syscall.RTF_UP | flags}
	if device != "" {
		name := append([]byte(device), 0)
		route.device = &name[0]
	}
	check(fmt.Sprintf("route to %s", to), ioctl(socket, syscall.SIOCADDRT, unsafe.Pointer(&route)))
}

func ioctl(socket int, request uintptr, argument unsafe.Pointer) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), request, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}
