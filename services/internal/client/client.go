// Package client asks other services of the same stack: within the time that is
// left, again where that is harmless, never more than the other one can bear, and
// with a record of who answered.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/provenance"
)

const (
	// timeout bounds a call with all its repetitions, where the request that it is
	// made for has no nearer end.
	timeout = 5 * time.Second
	// maxBody bounds an answer, in bytes.
	maxBody = 8 << 20
)

// Options say whom a client asks, and as whom.
type Options struct {
	// Service is who is asked: "catalog". Errors name it.
	Service string
	// URL is where: "http://catalog:8080".
	URL string
	// Token returns the token that shows who asks; nil: nobody in particular.
	Token func(context.Context) (string, error)
	// Edge is set by who answers customers directly: it tries three times. Others
	// try twice, or a chain of services would multiply its tries.
	Edge bool
}

// Client asks one service. It is for any number of goroutines.
type Client struct {
	options Options
	base    string
	http    *http.Client
	budget  budget
	tries   int
}

// New returns a client. It connects when it is used.
func New(o Options) *Client {
	c := &Client{options: o, base: strings.TrimRight(o.URL, "/"), http: &http.Client{Transport: transport(), CheckRedirect: stay}, tries: 2}
	if o.Edge {
		c.tries = 3
	}
	return c
}

// Request is a question to a service.
type Request struct {
	// Method is GET where it is not set.
	Method string
	// Path with its parts escaped, and Query.
	Path  string
	Query url.Values
	// Key is the Idempotency-Key. What has one is done once however often it is sent,
	// so it is sent again when the answer was lost.
	Key string
	// Safe says that it only asks, though it is a POST: its provider describes it as x-safe.
	Safe bool
	// IfMatch and IfNoneMatch are ETags.
	IfMatch, IfNoneMatch string
	// Header holds what else there is to say.
	Header http.Header
	// Body is sent as JSON; nil: none.
	Body any
}

// Meta is what an answer says beside its body.
type Meta struct {
	Status int
	Header http.Header
	ETag   string
	// Replayed tells that the answer was given to the same key before.
	Replayed bool
}

// None is the T of an answer whose body nobody wants.
type None struct{}

// Call asks, and reads the answer as JSON into a T; what T does not know is
// ignored, for the other service may be newer. 304 is no error and a zero T.
//
// A refusal is an *Error. Unless its caller handles it, it is told to the
// customer as fault.Unavailable, as is all else that goes wrong: what another
// service did not understand is not the customer's mistake.
func Call[T any](ctx context.Context, c *Client, r Request) (T, Meta, error) {
	var out T
	meta, err := c.call(ctx, r, &out)
	if err != nil {
		return *new(T), meta, fmt.Errorf("asking %s: %s %s: %w", c.options.Service, r.method(), pattern(r.Path), err)
	}
	return out, meta, nil
}

func (c *Client) call(ctx context.Context, r Request, out any) (Meta, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	body, err := encode(r.Body)
	if err != nil {
		return Meta{}, err
	}
	res, err := c.try(ctx, r, body) //nolint:bodyclose // drop closes it
	if err != nil {
		return Meta{}, fault.Unavailable(c.options.Service+" does not answer right now.", err)
	}
	defer drop(res.Body)
	provenance.Add(ctx, res.Header)
	meta := Meta{Status: res.StatusCode, Header: res.Header, ETag: res.Header.Get("ETag"), Replayed: res.Header.Get("Idempotent-Replayed") == "true"}
	return meta, c.decode(res, out)
}

// Status is the status that another service refused with, 0 for any other error.
func Status(err error) int {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

func encode(in any) ([]byte, error) {
	if in == nil {
		return nil, nil
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	return body, nil
}

func (c *Client) decode(res *http.Response, out any) error {
	switch {
	case res.StatusCode == http.StatusNotModified, res.StatusCode == http.StatusNoContent:
		return nil
	case res.StatusCode/100 != 2:
		return refused(c.options.Service, res)
	}
	if _, none := out.(*None); none || out == nil {
		return nil
	}
	body := &io.LimitedReader{R: res.Body, N: maxBody}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		if body.N <= 0 {
			err = fmt.Errorf("it is larger than %d MiB", maxBody>>20)
		}
		return fault.Unavailable(c.options.Service+" gave an answer that cannot be read.", fmt.Errorf("decoding the answer: %w", err))
	}
	return nil
}

// drop reads the little that may be left, so that the connection is used again.
func drop(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 4<<10)
	_ = body.Close()
}

// pattern keeps ids and what customers typed out of logs: "/api/cart/…/items/…".
// A part that is a word of the API has small letters only.
func pattern(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for n, part := range parts {
		if strings.Trim(part, "abcdefghijklmnopqrstuvwxyz-") != "" {
			parts[n] = "…"
		}
	}
	return strings.Join(parts, "/")
}
