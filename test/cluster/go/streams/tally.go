package main

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// outcome is one stream as the client saw it. Error is empty when it ended with its last event after
// all its tokens.
type outcome struct {
	Kind   string    `json:"kind"`
	Began  time.Time `json:"began"`
	Age    float64   `json:"ageSeconds"`
	Tokens int       `json:"tokens"`
	Status int       `json:"status,omitempty"`
	Proxy  string    `json:"proxy,omitempty"`
	Error  string    `json:"error"`
}

// perProxy is what one proxy served, by the address it called the backend from.
type perProxy struct {
	Complete int       `json:"complete"`
	Dropped  int       `json:"dropped"`
	LastEnd  time.Time `json:"lastEnd"`
}

type summary struct {
	Kind      string               `json:"kind"`
	Complete  int                  `json:"complete"`
	Dropped   int                  `json:"dropped"`
	NotServed int                  `json:"notServed"`
	LeftOpen  int                  `json:"leftOpen"`
	PeakOpen  int                  `json:"peakOpen"`
	Proxies   map[string]*perProxy `json:"proxies"`
}

// tally counts streams, and writes down at once the ones that failed.
type tally struct {
	mutex   sync.Mutex
	lines   *json.Encoder
	open    int
	summary summary
}

func newTally(lines *json.Encoder) *tally {
	return &tally{lines: lines, summary: summary{Kind: "summary", Proxies: map[string]*perProxy{}}}
}

func (t *tally) opened() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.open++
	t.summary.PeakOpen = max(t.summary.PeakOpen, t.open)
}

func (t *tally) closed() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.open--
}

// left counts a stream that is not followed to its end.
func (t *tally) left() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.summary.LeftOpen++
}

// ended takes a stream that never began ("not served") apart from one that was cut ("dropped").
func (t *tally) ended(o outcome) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if o.Status != http.StatusOK {
		t.summary.NotServed++
		o.Kind = "not served"
		_ = t.lines.Encode(o)
		return
	}
	proxy := t.summary.Proxies[o.Proxy]
	if proxy == nil {
		proxy = &perProxy{}
		t.summary.Proxies[o.Proxy] = proxy
	}
	proxy.LastEnd = time.Now()
	if o.Error == "" {
		proxy.Complete++
		t.summary.Complete++
		return
	}
	proxy.Dropped++
	t.summary.Dropped++
	o.Kind = "dropped"
	_ = t.lines.Encode(o)
}

// summarise writes the summary and returns how many streams failed.
func (t *tally) summarise() int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	_ = t.lines.Encode(t.summary)
	return t.summary.Dropped + t.summary.NotServed
}
