// Package client asks other services of the same stack: with a time limit,
// with retries where those are harmless, and with a record of who answered.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/internal/provenance"
	"github.com/emporium-shop/emporium/services/internal/trace"
)

const (
	timeout  = 5 * time.Second
	tries    = 3
	maxBody  = 8 << 20
	firstGap = 20 * time.Millisecond
)

// Client asks one service.
type Client struct {
	base string
	http *http.Client
}

// New returns a client of the service at base: "http://catalog:8080".
func New(base string) *Client {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 64,
		// Shorter than a service keeps an idle connection: this side closes first.
		IdleConnTimeout: 60 * time.Second,
	}
	return &Client{base: strings.TrimRight(base, "/"), http: &http.Client{Timeout: timeout, Transport: transport}}
}

// Error is an answer that is not a success.
type Error struct {
	Status  int
	Problem problem.Problem
}

func (e *Error) Error() string {
	return fmt.Sprintf("answered %d: %s", e.Status, e.Problem.Error())
}

// Get asks for path and decodes the answer into out, which may be nil.
func (c *Client) Get(ctx context.Context, path string, out any) (http.Header, error) {
	return c.Do(ctx, http.MethodGet, path, nil, nil, out)
}

// Do sends in as JSON and decodes the answer into out; both may be nil. An
// answer that is not a success is an *Error, and its header is returned, too.
func (c *Client) Do(ctx context.Context, method, path string, header http.Header, in, out any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	body, err := encode(in)
	if err != nil {
		return nil, fmt.Errorf("encoding the request to %s %s: %w", method, path, err)
	}
	res, err := c.try(ctx, method, path, header, body) //nolint:bodyclose // drop closes it on every way out
	if err != nil {
		return nil, fmt.Errorf("asking %s %s: %w", method, path, err)
	}
	defer drop(res.Body)
	provenance.Add(ctx, res.Header)
	return res.Header, decode(res, out)
}

// try repeats only what is harmless to repeat: a read whose connection failed.
func (c *Client) try(ctx context.Context, method, path string, header http.Header, body []byte) (*http.Response, error) {
	gap := firstGap
	for n := 1; ; n++ {
		res, err := c.send(ctx, method, path, header, body)
		if err == nil || method != http.MethodGet || n == tries {
			return res, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(gap):
			gap *= 4
		}
	}
}

func (c *Client) send(ctx context.Context, method, path string, header http.Header, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if parent := trace.From(ctx).String(); parent != "" {
		req.Header.Set(trace.Header, parent)
	}
	return c.http.Do(req)
}

func encode(in any) ([]byte, error) {
	if in == nil {
		return nil, nil
	}
	return json.Marshal(in)
}

// decode ignores fields that it does not know: the other service may be newer.
func decode(res *http.Response, out any) error {
	body := io.LimitReader(res.Body, maxBody)
	if res.StatusCode/100 != 2 {
		e := &Error{Status: res.StatusCode}
		if json.NewDecoder(body).Decode(&e.Problem) != nil { // a proxy's page, say
			e.Problem = *problem.New(problem.Plain(res.StatusCode), "")
		}
		return e
	}
	if out == nil || res.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return fmt.Errorf("decoding the answer: %w", err)
	}
	return nil
}

// drop reads the little that may be left, so that the connection is used again.
func drop(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 4<<10)
	_ = body.Close()
}
