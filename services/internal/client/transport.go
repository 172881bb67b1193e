package client

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/services/internal/deadline"
	"github.com/emporium-shop/emporium/services/internal/trace"
)

const (
	// idle is shorter than any service keeps a connection that nobody uses (Node and
	// uvicorn: 5 s): this side closes first, or a request would be lost on the wire.
	idle = 4 * time.Second
	// connections to one service, at most: whoever is beyond waits here, and not there.
	connections = 64
)

func transport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		MaxIdleConnsPerHost: connections,
		MaxConnsPerHost:     connections,
		IdleConnTimeout:     idle,
		// Answers of services are small, and on one network.
		DisableCompression: true,
	}
}

// stay keeps an answer from sending us elsewhere: a redirect is an answer like any other.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// head fills in what a request carries beside its body.
func (c *Client) head(ctx context.Context, r Request, h http.Header) error {
	for name, values := range r.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	for name, value := range map[string]string{"Idempotency-Key": r.Key, "If-Match": r.IfMatch, "If-None-Match": r.IfNoneMatch, "Accept": "application/json, application/problem+json"} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if c.options.Token != nil && h.Get("Authorization") == "" { // who asks for somebody who is signed in shows his token
		token, err := c.options.Token(ctx)
		if err != nil {
			return fmt.Errorf("getting a token: %w", err)
		}
		h.Set("Authorization", "Bearer "+token)
	}
	trace.Inject(ctx, h)
	deadline.Inject(ctx, h)
	return nil
}
