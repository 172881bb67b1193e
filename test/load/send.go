package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// send makes one request and reads its answer to the end.
func (g *Generator) send(ctx context.Context, n int, intended time.Time) Record {
	s := g.options.Target.next(n)
	if s.cart != "" {
		s = g.knownCart(s)
	}
	r := Record{Path: s.path, Intended: intended, Start: time.Now()}
	got, err := g.exchange(ctx, s, n, &r)
	r.End, r.Err = time.Now(), err
	if err == nil && s.method == http.MethodPost && r.Status == http.StatusCreated {
		g.rememberCart(got.body)
	}
	return r
}

// answer is what a customer reads of a response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// exchange fills in the record. A body that ends early is an error of the read, since net/http knows its length.
func (g *Generator) exchange(ctx context.Context, s spec, n int, r *Record) (answer, error) {
	req, cancel, err := s.request(ctx, g.options.Target.URL, g.options.Timeout)
	if err != nil {
		return answer{}, err
	}
	defer cancel()
	req.Host = g.options.Target.Host
	res, err := g.clients[n%len(g.clients)].Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	r.Answered, r.Status = time.Now(), res.StatusCode
	r.Release = res.Header.Get(frontdoor.HeaderRelease)
	r.Sources = strings.Join(res.Header.Values(frontdoor.HeaderSources), ",")
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, fmt.Errorf("reading the body: %w", err)
	}
	return answer{res.StatusCode, res.Header, body}, nil
}

func (g *Generator) knownCart(s spec) spec {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cart == "" {
		return list(g.options.Target, 0)
	}
	s.path = s.cart + g.cart
	return s
}

func (g *Generator) rememberCart(body []byte) {
	var cart struct {
		ID string `json:"id"`
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&cart) == nil && cart.ID != "" {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.cart = cart.ID
	}
}
