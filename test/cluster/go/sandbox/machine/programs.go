package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

// A program to run, sent with its three files. The connection is its life: a message on it is a signal, its end kills.
type program struct {
	Args []string `json:"args"`
	Env  []string `json:"env"`
	Dir  string   `json:"dir"`
}

type ending struct {
	Code  int    `json:"code"`
	Error string `json:"error,omitempty"`
}

// execute runs a program on the machine and ends as it ends.
func execute(args []string) int {
	if len(args) < 2 {
		usage()
	}
	socket, command := args[0], args[1:]
	path, err := exec.LookPath(command[0])
	if err != nil {
		return failed(err)
	}
	dir, err := os.Getwd()
	if err != nil {
		return failed(err)
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return failed(err)
	}
	if _, _, err := conn.WriteMsgUnix([]byte{0}, syscall.UnixRights(0, 1, 2), nil); err != nil {
		return failed(err)
	}
	messages := json.NewEncoder(conn)
	if err := messages.Encode(program{append([]string{path}, command[1:]...), os.Environ(), dir}); err != nil {
		return failed(err)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for s := range signals {
			_ = messages.Encode(int(s.(syscall.Signal)))
		}
	}()
	var end ending
	if err := json.NewDecoder(conn).Decode(&end); err != nil {
		return failed(fmt.Errorf("the machine has ended: %w", err))
	}
	if end.Error != "" {
		return failed(errors.New(end.Error))
	}
	return end.Code
}

func failed(err error) int {
	fmt.Fprintf(os.Stderr, "machine exec: %v\n", err)
	return 125
}

// startPrograms is all that the first process does once the machine is made, besides waiting for orphans.
func startPrograms(listener *net.UnixListener) {
	family := children{waiting: map[int]chan int{}}
	go family.reap()
	for {
		conn, err := listener.AcceptUnix()
		check("accept", err)
		go func() {
			defer conn.Close()
			var end ending
			if code, err := family.serve(conn); err != nil {
				end.Error = err.Error()
			} else {
				end.Code = code
			}
			_ = json.NewEncoder(conn).Encode(end)
		}()
	}
}

type children struct {
	mutex   sync.Mutex
	waiting map[int]chan int
}

func (c *children) serve(conn *net.UnixConn) (int, error) {
	files, err := receiveFiles(conn)
	defer func() {
		for _, file := range files {
			syscall.Close(int(file))
		}
	}()
	if err != nil {
		return 0, err
	}
	messages := json.NewDecoder(conn)
	var wanted program
	if err := messages.Decode(&wanted); err != nil {
		return 0, err
	}
	pid, exited, err := c.start(wanted, files)
	if err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	go func() {
		for {
			var number int
			err := messages.Decode(&number)
			select {
			case <-ended:
				return
			default:
			}
			if err != nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				return
			}
			_ = syscall.Kill(pid, syscall.Signal(number))
		}
	}()
	code := <-exited
	close(ended)
	return code, nil
}

func receiveFiles(conn *net.UnixConn) ([]uintptr, error) {
	rights := make([]byte, syscall.CmsgSpace(3*4))
	_, n, _, _, err := conn.ReadMsgUnix(make([]byte, 1), rights)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:n])
	if err != nil || len(messages) != 1 {
		return nil, fmt.Errorf("no files: %w", err)
	}
	descriptors, err := syscall.ParseUnixRights(&messages[0])
	var files []uintptr
	for _, descriptor := range descriptors {
		syscall.CloseOnExec(descriptor)
		files = append(files, uintptr(descriptor))
	}
	return files, err
}

func (c *children) start(wanted program, files []uintptr) (int, chan int, error) {
	// Held until the child is known, or its end could be missed.
	c.mutex.Lock()
	defer c.mutex.Unlock()
	pid, err := syscall.ForkExec(wanted.Args[0], wanted.Args, &syscall.ProcAttr{
		Dir: wanted.Dir, Env: wanted.Env, Files: files, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", wanted.Args[0], err)
	}
	exited := make(chan int, 1)
	c.waiting[pid] = exited
	return pid, exited, nil
}

// reap waits for whatever ends: programs started here, and what they left behind.
func (c *children) reap() {
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGCHLD)
	for {
		for {
			var status syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
			if err != nil || pid <= 0 {
				break
			}
			c.mutex.Lock()
			exited := c.waiting[pid]
			delete(c.waiting, pid)
			c.mutex.Unlock()
			if exited != nil {
				exited <- exitCode(status)
			}
		}
		<-ends
	}
}

func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
