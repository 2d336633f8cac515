package main

import (
	"flag"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// settings are those of the machine; the part outside hands its arguments to the part inside as they are.
type settings struct {
	dir       string
	addresses list
	hostname  string
	services  string
	api       string
	cpus      int
}

type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func parse(args []string) settings {
	var s settings
	flags := flag.NewFlagSet("machine", flag.ExitOnError)
	flags.StringVar(&s.dir, "dir", "", "folder of its sockets and state")
	flags.Var(&s.addresses, "address", "`IP` of a node, whose network has 24 bits (repeatable)")
	flags.StringVar(&s.hostname, "hostname", "real-nodes", "what it is called")
	flags.StringVar(&s.services, "services", "10.96.0.0/16", "`CIDR` of the Services")
	flags.StringVar(&s.api, "api", "", "`host:port` outside of the API server, which is reached under the same address and port 6443 of the first node")
	flags.IntVar(&s.cpus, "cpus", 16, "how many it seems to have")
	_ = flags.Parse(args)
	if s.dir == "" || len(s.addresses) == 0 || s.api == "" {
		flags.Usage()
		os.Exit(2)
	}
	return s
}

// run stays outside. It ends when the machine does, and the machine ends with it, however it ends.
func run(args []string) int {
	s := parse(args)
	check("folder", os.MkdirAll(s.dir, 0o755))
	enterCgroups(s.dir)
	outside, err := net.Listen("unix", filepath.Join(s.dir, outsideSocket))
	check("socket", err)
	go serveConnect(outside, func(address string) (net.Conn, error) { return net.Dial("tcp", address) })

	program, err := os.Executable()
	check("program", err)
	machine := exec.Command(program, append([]string{"inside"}, args...)...)
	machine.Stdout, machine.Stderr = os.Stdout, os.Stderr
	machine.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC |
			syscall.CLONE_NEWPID | syscall.CLONE_NEWCGROUP,
		Pdeathsig: syscall.SIGKILL,
	}
	check("namespaces", machine.Start())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		_ = machine.Process.Kill()
	}()
	log.Print(machine.Wait())
	return 0
}

// enterCgroups makes a child of each cgroup that this process is in, so that limits set above it still hold, and moves
// into it. They are written down first: a cgroup outlives its processes, and is removed by the one that reads the list.
func enterCgroups(dir string) {
	name := "tare-machine-" + strconv.Itoa(os.Getpid())
	var folders []string
	for controllers, path := range ownCgroups() {
		folders = append(folders, filepath.Join(cgroupRoot, strings.TrimPrefix(controllers, "name="), path, name))
	}
	writeFile(filepath.Join(dir, "cgroups"), strings.Join(folders, "\n")+"\n")
	for _, folder := range folders {
		check("cgroup", os.Mkdir(folder, 0o755))
		// A new cpuset is empty, and takes no process until it is not.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if content, err := os.ReadFile(filepath.Join(filepath.Dir(folder), file)); err == nil {
				writeFile(filepath.Join(folder, file), string(content))
			}
		}
		writeFile(filepath.Join(folder, "cgroup.procs"), strconv.Itoa(os.Getpid()))
	}
}

const cgroupRoot = "/sys/fs/cgroup"

// ownCgroups are the paths of this process by controllers, as far as they are of version 1.
func ownCgroups() map[string]string {
	content, err := os.ReadFile("/proc/self/cgroup")
	check("cgroups", err)
	found := map[string]string{}
	for line := range strings.Lines(string(content)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) == 3 && fields[1] != "" {
			found[fields[1]] = fields[2]
		}
	}
	if len(found) == 0 {
		log.Fatal("no cgroup of version 1")
	}
	return found
}
