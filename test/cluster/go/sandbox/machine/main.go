// Command machine is what real Kubernetes nodes run on: mounts, network, process ids and
// cgroups of its own, all of which end with one process.
//
//	machine run -dir DIR -address IP...  makes it and waits
//	machine exec SOCKET PROGRAM ARG...   runs a program on it, as if it were a child of this process
//	machine dns -kubeconfig FILE ...     answers for the names of Services
//
// It needs to be root, and a kernel that mounts cgroups of version 1.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
)

func init() {
	// A child that is to die with its parent dies with the thread that started it: let that be the first, which lasts.
	runtime.LockOSThread()
}

func main() {
	log.SetFlags(log.Ltime)
	if len(os.Args) < 2 {
		usage()
	}
	args := os.Args[2:]
	switch os.Args[1] {
	case "run":
		os.Exit(run(args))
	case "inside":
		inside(args)
	case "exec":
		os.Exit(execute(args))
	case "dns":
		serveNames(args)
	default:
		usage()
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: machine run|dns FLAGS, machine exec SOCKET PROGRAM ARG...")
	os.Exit(2)
}

// The sockets in the machine's folder. A Unix socket belongs to no network, so it leads from one to another.
const (
	// execSocket takes programs to run.
	execSocket = "exec.sock"
	// insideSocket takes HTTP CONNECT and dials from within.
	insideSocket = "inside.sock"
	// outsideSocket takes HTTP CONNECT and dials from without.
	outsideSocket = "outside.sock"
)

func check(what string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func writeFile(path, content string) {
	check("folder", os.MkdirAll(filepath.Dir(path), 0o755))
	check("file", os.WriteFile(path, []byte(content), 0o644))
}
