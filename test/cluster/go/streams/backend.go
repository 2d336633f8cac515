package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// backend serves until SIGTERM, then lets its open streams end.
func backend(args []string) int {
	flags := flag.NewFlagSet("backend", flag.ExitOnError)
	listen := flags.String("listen", ":8000", "`address` to serve on")
	_ = flags.Parse(args)

	routes := http.NewServeMux()
	routes.HandleFunc("/v1/", serveStream)
	routes.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	server := &http.Server{Addr: *listen, Handler: routes, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)

	terminated, release := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer release()
	drained := make(chan error, 1)
	go func() {
		<-terminated.Done()
		log.Print("terminated: waits for its streams")
		drained <- server.Shutdown(context.Background())
	}()
	log.Printf("serves on %s", *listen)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Print(err)
		return 1
	}
	if err := <-drained; err != nil {
		log.Print(err)
		return 1
	}
	return 0
}

// serveStream sends tokens for as many seconds as the query asks for.
func serveStream(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.ParseFloat(r.URL.Query().Get("seconds"), 64)
	if err != nil || seconds < 0 {
		http.Error(w, "?seconds= is how long to stream", http.StatusBadRequest)
		return
	}
	proxy, _, _ := net.SplitHostPort(r.RemoteAddr)
	w.Header().Set("content-type", "text/event-stream")
	w.Header().Set(proxyHeader, proxy)
	out := http.NewResponseController(w)
	tokens := tokensIn(time.Duration(seconds * float64(time.Second)))
	ticks := time.NewTicker(tokenEvery)
	defer ticks.Stop()
	for n := range tokens {
		_, err := fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":\"token %d\"}}]}\n\n", n)
		if err != nil || out.Flush() != nil {
			log.Printf("%s went away after %d of %d tokens", proxy, n, tokens)
			return
		}
		select {
		case <-ticks.C:
		case <-r.Context().Done():
			log.Printf("%s went away after %d of %d tokens", proxy, n+1, tokens)
			return
		}
	}
	fmt.Fprintf(w, "data: %s\n\n", lastEvent)
}
