// Command streams is both ends of an LLM stream: "streams backend" answers with server-sent events,
// one token at a time, and "streams client" holds many such streams at once and reports each one that
// did not end as it should. What lies between them, a gateway, is what they test.
package main

import (
	"fmt"
	"os"
	"time"
)

// What both ends agree on.
const (
	// tokenEvery is the time between two tokens.
	tokenEvery = 100 * time.Millisecond
	// lastEvent ends a stream that is complete.
	lastEvent = "[DONE]"
	// proxyHeader carries the address that the backend was called from: the proxy's.
	proxyHeader = "x-proxy-address"
)

func tokensIn(length time.Duration) int { return int(length / tokenEvery) }

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	switch os.Args[1] {
	case "backend":
		os.Exit(backend(os.Args[2:]))
	case "client":
		os.Exit(client(os.Args[2:]))
	default:
		usage()
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: streams backend|client [flags]  (-h after either lists its flags)")
	os.Exit(2)
}
