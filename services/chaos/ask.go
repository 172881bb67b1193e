package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// request is what is asked of the shop. With a key it is the same request, however often it is sent.
type request struct {
	who          string
	method, path string
	// page is what services/outage calls a page that is looked at.
	page   string
	key    string
	body   any
	header map[string]string
}

// answer is what came back. Status 0: nothing did.
type answer struct {
	status int
	tag    string
	body   []byte
}

// problemBody is what is read of a refusal.
type problemBody struct {
	Type   string    `json:"type"`
	Detail string    `json:"detail"`
	Quote  *quoted   `json:"quote,omitempty"`
	Errors []problem `json:"errors,omitempty"`
}

type problem struct {
	Pointer string `json:"pointer"`
}

func (a answer) problem() (p problemBody) {
	_ = json.Unmarshal(a.body, &p) // what is none has no type
	return p
}

// kind is the last part of a problem's type.
func (a answer) kind() string {
	const prefix = "urn:emporium:problem:"
	if t := a.problem().Type; len(t) > len(prefix) {
		return t[len(prefix):]
	}
	return ""
}

// final tells whether the shop has decided. What is not may be sent again.
func (a answer) final() bool {
	switch a.status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusInternalServerError:
		return false
	case http.StatusConflict:
		return a.kind() != "idempotency-in-flight"
	}
	return true
}

// customers is where requests are sent from.
type customers struct {
	front   string
	http    *http.Client
	journal *journal
	// seen is told of each answer, where somebody wants to know.
	seen func(q request, a answer, sent time.Time)
}

// patience is how long a customer waits for one answer.
const patience = 12 * time.Second

func (c *customers) once(ctx context.Context, r request) answer {
	sent := time.Now()
	a := c.send(ctx, r)
	if c.seen != nil && ctx.Err() == nil { // who left does not know what the answer was
		c.seen(r, a, sent)
	}
	return a
}

func (c *customers) send(ctx context.Context, r request) answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	body, err := json.Marshal(r.body)
	if err != nil { // of our own types
		panic(err)
	}
	var sent io.Reader
	if r.body != nil {
		sent = bytes.NewReader(body)
	}
	q, err := http.NewRequestWithContext(ctx, r.method, c.front+r.path, sent)
	if err != nil { // of our own addresses
		panic(err)
	}
	if r.body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		q.Header.Set("Idempotency-Key", r.key)
	}
	for name, value := range r.header {
		q.Header.Set(name, value)
	}
	res, err := c.http.Do(q)
	if err != nil {
		c.journal.note("no answer", r.who, fmt.Sprintf("%s %s %s: %v", r.method, r.path, r.key, err))
		return answer{}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil { // half an answer is none
		c.journal.note("half an answer", r.who, fmt.Sprintf("%s %s %s: %v", r.method, r.path, r.key, err))
		return answer{}
	}
	a := answer{res.StatusCode, res.Header.Get("ETag"), text}
	c.journal.note(fmt.Sprint(a.status), r.who, fmt.Sprintf("%s %s %s: %.300s", r.method, r.path, r.key, text))
	if a.status == http.StatusInternalServerError {
		c.journal.fault("500", fmt.Sprintf("%s: %s %s: %.300s", r.who, r.method, r.path, text))
	}
	return a
}

// insist sends a request until the shop has decided, or ctx ends: then the answer is not final.
func (c *customers) insist(ctx context.Context, r request) answer {
	for {
		a := c.once(ctx, r)
		if a.final() || !pauses(ctx, 200*time.Millisecond) {
			return a
		}
	}
}

// pauses waits about so long, and tells whether to go on.
func pauses(ctx context.Context, about time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(about/2 + rand.N(about)): //nolint:gosec // no secret
		return true
	}
}

// client is one that keeps no connection for longer than services do.
func (w *world) client() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 4 * time.Second}}
}
