package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// firstGap is how long the second try waits, about; each further one four times as long.
const firstGap = 20 * time.Millisecond

// unheard is for how long a connection that is refused is tried again, and gapUnheard how often. For a second or so after its pods
// are ready, the Service of a new stack refuses connections: kube-proxy has yet to be told, and writes its rules once a second.
const (
	unheard    = time.Second
	gapUnheard = 100 * time.Millisecond
)

// try sends a request, and sends it again where nothing was answered or the other
// side is going away, if the request may be sent twice and the budget allows.
func (c *Client) try(ctx context.Context, r Request, body []byte) (*http.Response, error) {
	c.budget.called(time.Now())
	gap, patience := firstGap, time.Now().Add(unheard)
	for n := 1; ; {
		res, err := c.send(ctx, r, body)
		wait, again := time.Duration(0), false
		switch {
		case errors.Is(err, syscall.ECONNREFUSED) && time.Now().Before(patience):
			// Nobody heard it and nobody worked for it: it is sent again whatever it is, and counts as no try.
			again, wait = true, gapUnheard/2+rand.N(gapUnheard) //nolint:gosec // no secret
		case err != nil || passing(res.StatusCode):
			again = r.repeatable() && n < c.tries && c.budget.allows(time.Now())
			wait = gap/2 + rand.N(gap) //nolint:gosec // no secret
			gap *= 4
			n++
		case inFlight(res):
			// The first request with the key is at work: its answer is ours. Waiting
			// is no further load, so it counts as no try.
			again, wait = r.Key != "", max(retryAfter(res.Header), time.Second)
		}
		if !again || tooLate(ctx, wait) {
			return res, err
		}
		if res != nil {
			drop(res.Body)
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(wait):
		}
	}
}

// repeatable tells whether a request has the same effect twice as once: reads, what is
// safe, and what has a key. A PUT with If-Match has not: the second is refused.
func (r Request) repeatable() bool {
	return r.method() == http.MethodGet || r.method() == http.MethodHead || r.Key != "" || r.Safe
}

// passing tells whether another replica may answer what this one did not.
func passing(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// inFlight looks into a 409 for its type, and leaves the body readable.
func inFlight(res *http.Response) bool {
	if res.StatusCode != http.StatusConflict {
		return false
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(text))
	var p struct {
		Type string `json:"type"`
	}
	return err == nil && json.Unmarshal(text, &p) == nil && p.Type == "urn:emporium:problem:"+string(fault.InFlightKind)
}

// tooLate tells whether nobody would wait for what comes after wait.
func tooLate(ctx context.Context, wait time.Duration) bool {
	end, ends := ctx.Deadline()
	return ctx.Err() != nil || (ends && time.Until(end) <= wait)
}

const (
	// window is over which time the budget counts, in seconds.
	window = 10
	// share of the calls of a window that may be repeated, one in so many.
	share = 10
	// always is how many may be repeated in a window however few calls there were:
	// one customer and one killed pod must not meet an empty budget.
	always = 10
)

// budget bounds how many requests are sent again, so that a service in trouble
// does not get twice the load for it.
type budget struct {
	mu sync.Mutex
	// calls and repeats of each second of the window; second is the newest.
	calls, repeats [window]int
	second         int64
}

func (b *budget) called(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls[b.turn(now)]++
}

// allows takes a repetition out of the budget, if there is one.
func (b *budget) allows(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.turn(now)
	var calls, repeats int
	for n := range window {
		calls += b.calls[n]
		repeats += b.repeats[n]
	}
	if repeats >= max(always, calls/share) {
		return false
	}
	b.repeats[at]++
	return true
}

// turn forgets seconds that are out of the window and returns where now counts.
func (b *budget) turn(now time.Time) int64 {
	second := now.Unix()
	for s := max(b.second+1, second-window+1); s <= second; s++ {
		b.calls[s%window], b.repeats[s%window] = 0, 0
	}
	b.second = max(b.second, second)
	return b.second % window
}

// send makes one HTTP request.
func (c *Client) send(ctx context.Context, r Request, body []byte) (*http.Response, error) {
	target := c.base + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method(), target, content)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	if err := c.head(ctx, r, req.Header); err != nil {
		return nil, err
	}
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.http.Do(req)
}
