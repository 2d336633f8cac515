package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// silence is how long a stream may bring nothing before it counts as lost. Far more than a busy machine needs.
const silence = 30 * time.Second

// load is what the client is asked for.
type load struct {
	url           string
	clients       int
	last          time.Duration
	length        time.Duration
	keepAlive     bool
	http2         bool
	perConnection int
}

// client holds its streams until the time is over, then waits for the open ones. A first SIGTERM ends the
// time, a second one leaves the streams that are still open uncounted. It writes a JSON line for each
// stream that failed and one more, the summary, at the end.
func client(args []string) int {
	var asked load
	flags := flag.NewFlagSet("client", flag.ExitOnError)
	flags.StringVar(&asked.url, "url", "", "where to, without a query")
	flags.IntVar(&asked.clients, "clients", 30, "streams to hold at once")
	flags.DurationVar(&asked.last, "for", time.Minute, "how long to begin new streams")
	flags.DurationVar(&asked.length, "length", 20*time.Second, "how long each stream lasts")
	flags.BoolVar(&asked.keepAlive, "keep-alive", true, "use a connection for more than one stream")
	flags.BoolVar(&asked.http2, "http2", false, "speak HTTP/2 without TLS, with prior knowledge")
	flags.IntVar(&asked.perConnection, "per-connection", 5, "HTTP/2 clients that share a connection")
	_ = flags.Parse(args)
	if asked.url == "" || asked.clients < 1 || asked.perConnection < 1 || tokensIn(asked.length) < 1 {
		flags.Usage()
		return 2
	}

	begin, stop := context.WithTimeout(context.Background(), asked.last)
	defer stop()
	follow, leave := context.WithCancel(context.Background())
	defer leave()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		stop()
		<-signals
		leave()
	}()

	tally := newTally(json.NewEncoder(os.Stdout))
	var all sync.WaitGroup
	for n, transport := range asked.transports() {
		all.Go(func() {
			// Spread over the length of a stream, so that at any time streams of every age are open.
			wait(begin, time.Duration(n)*asked.length/time.Duration(asked.clients))
			for begin.Err() == nil {
				outcome := asked.hold(follow, transport, tally)
				if follow.Err() != nil {
					tally.left()
					return
				}
				tally.ended(outcome)
				if outcome.Status != http.StatusOK {
					wait(begin, 200*time.Millisecond)
				}
			}
		})
	}
	all.Wait()
	if tally.summarise() > 0 {
		return 1
	}
	return 0
}

// transports are one for each client. Those of HTTP/1.1 are all the same, whose connections serve one
// stream at a time; of HTTP/2, which would put every stream on one connection, a few clients share each.
func (l load) transports() []*http.Transport {
	each := make([]*http.Transport, l.clients)
	for n := range each {
		if n > 0 && (!l.http2 || n%l.perConnection > 0) {
			each[n] = each[n-1]
			continue
		}
		each[n] = &http.Transport{
			Protocols:           new(http.Protocols),
			DisableKeepAlives:   !l.keepAlive,
			MaxIdleConnsPerHost: l.clients,
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		}
		each[n].Protocols.SetHTTP1(!l.http2)
		each[n].Protocols.SetUnencryptedHTTP2(l.http2)
	}
	return each
}

// hold is one stream from its request to its end.
func (l load) hold(follow context.Context, transport *http.Transport, tally *tally) (o outcome) {
	o.Began = time.Now()
	defer func() { o.Age = time.Since(o.Began).Seconds() }()
	heard, lost := context.WithCancelCause(follow)
	defer lost(nil)
	watchdog := time.AfterFunc(silence, func() { lost(fmt.Errorf("nothing came for %s", silence)) })
	defer watchdog.Stop()

	url := fmt.Sprintf("%s?seconds=%g", l.url, l.length.Seconds())
	request, err := http.NewRequestWithContext(heard, http.MethodPost, url, strings.NewReader(`{"stream":true}`))
	if err != nil {
		log.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		o.Error = failure(heard, err)
		return
	}
	defer response.Body.Close()
	o.Status = response.StatusCode
	o.Proxy = response.Header.Get(proxyHeader)
	if o.Status != http.StatusOK {
		o.Error = response.Status
		return
	}
	tally.opened()
	defer tally.closed()

	done := false
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		watchdog.Reset(silence)
		data, isEvent := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case data == lastEvent:
			done = true
		case isEvent:
			o.Tokens++
		}
	}
	wanted := tokensIn(l.length)
	if err := lines.Err(); err != nil {
		o.Error = failure(heard, err)
	} else if !done || o.Tokens != wanted {
		o.Error = fmt.Sprintf("ended after %d of %d tokens", o.Tokens, wanted)
	}
	return
}

// failure prefers why the request was given up to "context canceled".
func failure(heard context.Context, err error) string {
	if cause := context.Cause(heard); cause != nil && errors.Is(err, context.Canceled) {
		return cause.Error()
	}
	return err.Error()
}

// wait returns early when new streams are no longer wanted.
func wait(begin context.Context, pause time.Duration) {
	select {
	case <-time.After(pause):
	case <-begin.Done():
	}
}
