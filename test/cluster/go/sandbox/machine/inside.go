package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
)

// inside is the first process of the machine. All that runs there descends from it and ends with it.
func inside(args []string) {
	s := parse(args)
	check("hostname", syscall.Sethostname([]byte(s.hostname)))
	makeMounts(s)
	makeNetwork(s)

	out := func(address string) (net.Conn, error) { return dialOutside(s.dir, address) }
	for _, address := range []string{s.api, s.addresses[0] + ":6443"} {
		listener, err := net.Listen("tcp", address)
		check("API server", err)
		go relay(listener, func() (net.Conn, error) { return out(s.api) })
	}
	connects, err := net.Listen("unix", filepath.Join(s.dir, insideSocket))
	check("socket", err)
	go serveConnect(connects, func(address string) (net.Conn, error) {
		// Nothing that the API server calls listens on a loopback address here: those are fake nodes' and aggregated APIs' outside.
		if host, _, _ := net.SplitHostPort(address); net.ParseIP(host).IsLoopback() {
			return out(address)
		}
		return net.Dial("tcp", address)
	})
	programs, err := net.Listen("unix", filepath.Join(s.dir, execSocket))
	check("socket", err)
	log.Print("ready")
	startPrograms(programs.(*net.UnixListener))
}

// dialOutside has the part of this program that stayed outside dial.
func dialOutside(dir, address string) (net.Conn, error) {
	conn, err := net.Dial("unix", filepath.Join(dir, outsideSocket))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address)
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, response.Status)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &readAhead{conn, reader}, nil
}

// makeMounts hides what must not be shared with the machine outside, and shows the kubelet what it insists on.
func makeMounts(s settings) {
	mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, "")
	// Kernel settings are the whole machine's, but for those of this network.
	bind("/proc/sys", "/proc/sys")
	mount("none", "/proc/sys", "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
	bind("/proc/sys/net", "/proc/sys/net")
	mount("none", "/proc/sys/net", "", syscall.MS_BIND|syscall.MS_REMOUNT, "")
	// Shown to the kubelet without being set.
	for name, value := range map[string]string{
		"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
		"kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
	} {
		file := filepath.Join(s.dir, "sysctl", name)
		writeFile(file, value+"\n")
		bind(file, "/proc/sys/"+name)
	}
	mountSys(s)
	// Paths that are built into the kubelet and into containerd.
	for _, folder := range []string{"/run", "/var/lib", "/var/log", "/opt"} {
		if inFolder(s.dir, folder) {
			log.Fatalf("%s is in %s, which the node has for itself: set TMPDIR", s.dir, folder)
		}
		mount("tmpfs", folder, "tmpfs", 0, "mode=755")
	}
	mount("none", "/", "", syscall.MS_REC|syscall.MS_SHARED, "")
}

// mountSys shows the cgroups from this one downwards, and as many CPUs as asked for: the kubelet counts folders, and a
// node of a small machine then has room for the chart's requests. Nothing runs faster for it.
func mountSys(s settings) {
	cgroups := ownCgroups()
	fake := filepath.Join(s.dir, "cpus")
	for cpu := range s.cpus {
		topology := filepath.Join(fake, "node", "node0", fmt.Sprintf("cpu%d", cpu), "topology")
		writeFile(filepath.Join(topology, "core_id"), fmt.Sprintln(cpu))
		writeFile(filepath.Join(topology, "physical_package_id"), "0\n")
	}
	if memory, err := os.ReadFile("/sys/devices/system/node/node0/meminfo"); err == nil {
		writeFile(filepath.Join(fake, "node", "node0", "meminfo"), string(memory))
	}
	writeFile(filepath.Join(fake, "online"), fmt.Sprintf("0-%d\n", s.cpus-1))
	check("unmount /sys", syscall.Unmount("/sys", syscall.MNT_DETACH))
	mount("sysfs", "/sys", "sysfs", 0, "")
	bind(filepath.Join(fake, "node"), "/sys/devices/system/node")
	bind(filepath.Join(fake, "online"), "/sys/devices/system/cpu/online")
	mount("cgroup", cgroupRoot, "tmpfs", 0, "mode=755")
	for controllers := range cgroups {
		name, named := cutName(controllers)
		folder := filepath.Join(cgroupRoot, name)
		check("folder", os.Mkdir(folder, 0o755))
		options := name
		if named {
			options = "none,name=" + name
		}
		mount("cgroup", folder, "cgroup", 0, options)
	}
}
