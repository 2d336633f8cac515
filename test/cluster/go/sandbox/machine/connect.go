package main

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
)

// serveConnect answers HTTP CONNECT, which the API server's egress selector speaks.
func serveConnect(listener net.Listener, dial func(address string) (net.Conn, error)) {
	accept(listener, func(near net.Conn) {
		reader := bufio.NewReader(near)
		request, err := http.ReadRequest(reader)
		if err != nil || request.Method != http.MethodConnect {
			near.Close()
			return
		}
		far, err := dial(request.Host)
		if err != nil {
			log.Printf("CONNECT %s: %v", request.Host, err)
			_, _ = io.WriteString(near, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			near.Close()
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		join(&readAhead{near, reader}, far)
	})
}

// relay joins every connection it accepts to a new one.
func relay(listener net.Listener, dial func() (net.Conn, error)) {
	accept(listener, func(near net.Conn) {
		far, err := dial()
		if err != nil {
			log.Print(err)
			near.Close()
			return
		}
		join(near, far)
	})
}

func accept(listener net.Listener, serve func(net.Conn)) {
	for {
		conn, err := listener.Accept()
		check("accept", err)
		go serve(conn)
	}
}

// readAhead is a connection of which some has been read already.
type readAhead struct {
	net.Conn
	reader *bufio.Reader
}

func (c *readAhead) Read(p []byte) (int, error) { return c.reader.Read(p) }

func (c *readAhead) CloseWrite() error { return closeWrite(c.Conn) }

func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return conn.Close()
}

// join copies both ways until both have ended: a side that has said all it has to say may still listen.
func join(a, b net.Conn) {
	done := make(chan struct{})
	half := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = closeWrite(to)
		done <- struct{}{}
	}
	go half(a, b)
	go half(b, a)
	<-done
	<-done
	a.Close()
	b.Close()
}
