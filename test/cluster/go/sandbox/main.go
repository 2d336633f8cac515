// Command sandbox runs a program as a container would be run: with a root folder and a loopback
// interface of its own, restarted when it exits. The controllers it is for listen on fixed ports of
// all addresses and read fixed paths; here each copy has those to itself, and nothing of it can be
// reached, nor can it reach anything, but the connections named by -out and -in.
//
// It needs to be root, or a kernel that grants user namespaces to everybody.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// addresses is a flag that may be given several times.
type addresses []string

func (a *addresses) String() string     { return strings.Join(*a, ",") }
func (a *addresses) Set(s string) error { *a = append(*a, s); return nil }

const inNamespace = "TARE_SANDBOX_USER_NAMESPACE"

func main() {
	log.SetPrefix("sandbox: ")
	log.SetFlags(log.Ltime)
	var out, in addresses
	root := flag.String("root", "", "folder that the program sees as /")
	flag.Var(&out, "out", "`host:port` outside that the program reaches under the same address")
	flag.Var(&in, "in", "`host:port=host:port`: an address outside, and the program's that it leads to")
	flag.Parse()
	if *root == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if os.Geteuid() != 0 && os.Getenv(inNamespace) == "" {
		os.Exit(asNamespaceRoot())
	}

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	dials := make(chan dial)
	for _, pair := range in {
		outside, inside, found := strings.Cut(pair, "=")
		if !found {
			log.Fatalf("-in %s: no =", pair)
		}
		listener, err := net.Listen("tcp", outside)
		if err != nil {
			log.Fatal(err)
		}
		go relay(listener, func() (net.Conn, error) {
			answer := make(chan dialed)
			dials <- dial{inside, answer}
			result := <-answer
			return result.conn, result.err
		})
	}
	os.Exit(supervise(*root, flag.Args(), out, dials, signals))
}

type dial struct {
	address string
	answer  chan dialed
}

type dialed struct {
	conn net.Conn
	err  error
}

// supervise owns the one thread inside the network namespace: whatever is to be in there (sockets,
// the program) is made by it. The rest of this process stays outside.
func supervise(root string, command []string, out addresses, dials chan dial, signals chan os.Signal) int {
	runtime.LockOSThread()
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		log.Fatalf("no network namespace: %v", err)
	}
	if err := raiseLoopback(); err != nil {
		log.Fatalf("loopback: %v", err)
	}
	for _, address := range out {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			log.Fatal(err)
		}
		go relay(listener, func() (net.Conn, error) { return net.Dial("tcp", address) })
	}

	const shortest, longest = time.Second, 10 * time.Second
	exited := make(chan error, 1)
	start := time.After(0)
	pause := shortest
	var running *exec.Cmd
	var startedAt time.Time
	var kill <-chan time.Time
	stopping := false
	for {
		select {
		case <-start:
			running = exec.Command(command[0], command[1:]...)
			running.Dir = "/"
			running.Stdout, running.Stderr = os.Stdout, os.Stderr
			running.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Pdeathsig: syscall.SIGKILL}
			startedAt = time.Now()
			if err := running.Start(); err != nil {
				log.Fatal(err)
			}
			go func(child *exec.Cmd) { exited <- child.Wait() }(running)
		case err := <-exited:
			running = nil
			if stopping {
				return 0
			}
			if time.Since(startedAt) > time.Minute {
				pause = shortest
			}
			log.Printf("exited (%v), starts again in %s", err, pause)
			start = time.After(pause)
			pause = min(2*pause, longest)
		case request := <-dials:
			conn, err := net.DialTimeout("tcp", request.address, time.Second)
			request.answer <- dialed{conn, err}
		case <-signals:
			if running == nil {
				return 0
			}
			stopping = true
			_ = running.Process.Signal(syscall.SIGTERM)
			kill = time.After(3 * time.Second)
		case <-kill:
			_ = running.Process.Kill()
		}
	}
}

// relay joins every connection it accepts to a new one.
func relay(listener net.Listener, connect func() (net.Conn, error)) {
	for {
		near, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer near.Close()
			far, err := connect()
			if err != nil {
				return
			}
			defer far.Close()
			done := make(chan struct{}, 2)
			for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
				go func() {
					_, _ = io.Copy(pair[0], pair[1])
					done <- struct{}{}
				}()
			}
			<-done
		}()
	}
}

// raiseLoopback does what "ip link set lo up" does.
func raiseLoopback() error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(socket)
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	_, _, errno := syscall.Syscall(
		syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return errno
	}
	return nil
}

// asNamespaceRoot runs this program once more, as the root of a user namespace.
func asNamespaceRoot() int {
	again := exec.Command("/proc/self/exe", os.Args[1:]...)
	again.Env = append(os.Environ(), inNamespace+"=1")
	again.Stdout, again.Stderr = os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	runtime.LockOSThread()
	if err := again.Start(); err != nil {
		log.Fatalf("no user namespace: %v", err)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		for s := range signals {
			_ = again.Process.Signal(s)
		}
	}()
	err := again.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
