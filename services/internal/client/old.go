package client

import (
	"context"
	"fmt"
	"net/http"
)

// What follows goes when the services have moved to Call.

// To returns a client of the service at base: "http://catalog:8080".
func To(base string) *Client { return New(Options{Service: "another service", URL: base, Edge: true}) }

// Get asks for path and decodes the answer into out, which may be nil.
func (c *Client) Get(ctx context.Context, path string, out any) (http.Header, error) {
	return c.Do(ctx, http.MethodGet, path, nil, nil, out)
}

// Do sends in as JSON and decodes the answer into out; both may be nil. An
// answer that is not a success is an *Error, and its header is returned, too.
func (c *Client) Do(ctx context.Context, method, path string, header http.Header, in, out any) (http.Header, error) {
	r := Request{Method: method, Path: path, Header: header, Body: in}
	r.Key = header.Get("Idempotency-Key")
	meta, err := c.call(ctx, r, out)
	if err != nil {
		return meta.Header, fmt.Errorf("asking %s %s: %w", method, pattern(path), err)
	}
	return meta.Header, nil
}
