package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const connections = 64

// result is what came of a load.
type result struct {
	good, failed int64
	why          string // one failure, for people
}

var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	wrkFailures = regexp.MustCompile(`(?:Non-2xx or 3xx responses: |connect |read |write |timeout )(\d+)`)
)

// wrk sends as much as the target takes, over kept-alive connections.
func wrk(ctx context.Context, url string, d time.Duration) (r result, err error) {
	seconds := max(1, int(d.Round(time.Second)/time.Second)) // it knows whole seconds only
	out, err := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(connections), "-d"+strconv.Itoa(seconds)+"s", "-H", "Host: shop.example", "-H", "Accept: */*", "-H", "User-Agent: bench", url).Output()
	if err != nil {
		return r, fmt.Errorf("running wrk: %w", err)
	}
	found := wrkRequests.FindSubmatch(out)
	if found == nil {
		return r, fmt.Errorf("reading what wrk says: %s", out)
	}
	r.good, err = strconv.ParseInt(string(found[1]), 10, 64)
	for _, failures := range wrkFailures.FindAllSubmatch(out, -1) {
		n, _ := strconv.ParseInt(string(failures[1]), 10, 64)
		r.failed, r.why = r.failed+n, string(out)
	}
	r.good -= r.failed
	return r, err
}

// http2Load keeps 64 requests in flight over four connections.
func http2Load(ctx context.Context, url string, size int64, d time.Duration) (result, error) {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	var transports []*http.Transport
	for range 4 {
		transports = append(transports, &http.Transport{Protocols: protocols})
	}
	t := &tally{}
	end := time.Now().Add(d)
	var group sync.WaitGroup
	for i := range connections {
		group.Go(func() {
			for ctx.Err() == nil && time.Now().Before(end) {
				t.ask(ctx, transports[i%len(transports)], url, size)
			}
		})
	}
	group.Wait()
	for _, transport := range transports {
		transport.CloseIdleConnections()
	}
	return t.result(), ctx.Err()
}

// steadyLoad sends at a rate, over 64 kept-alive connections in turn.
func steadyLoad(ctx context.Context, url string, size int64, rate float64, d time.Duration) (result, error) {
	t := &tally{}
	began := time.Now()
	every := time.Duration(float64(connections) / rate * float64(time.Second))
	var group sync.WaitGroup
	for i := range connections {
		group.Go(func() {
			transport := &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}
			defer transport.CloseIdleConnections()
			for next := began.Add(every * time.Duration(i) / connections); ctx.Err() == nil && next.Sub(began) < d; next = next.Add(every) {
				time.Sleep(time.Until(next))
				t.ask(ctx, transport, url, size)
			}
		})
	}
	group.Wait()
	return t.result(), ctx.Err()
}

// tally counts what comes of requests.
type tally struct {
	good, failed atomic.Int64
	why          atomic.Pointer[string]
}

func (t *tally) result() result {
	r := result{good: t.good.Load(), failed: t.failed.Load()}
	if why := t.why.Load(); why != nil {
		r.why = *why
	}
	return r
}

func (t *tally) ask(ctx context.Context, transport *http.Transport, url string, size int64) {
	if err := ask(ctx, transport, url, size); err != nil {
		why := err.Error()
		t.why.Store(&why)
		t.failed.Add(1)
		return
	}
	t.good.Add(1)
}

func ask(ctx context.Context, transport *http.Transport, url string, size int64) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Host = "shop.example"
	res, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	n, err := io.Copy(io.Discard, res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || n != size) {
		err = fmt.Errorf("status %d, %d bytes", res.StatusCode, n)
	}
	return err
}
