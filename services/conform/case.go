package conform

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Case is one rule's look at the service. It keeps the exchanges as evidence.
type Case struct {
	*world
	looked   int
	evidence []Exchange
	// stood is how long the machine stood still in a run that the rule shares with others.
	stood time.Duration
}

// kept bounds the evidence of a rule.
const kept = 4

// sees notes that a document, a log or a metric was looked at.
func (c *Case) sees() { c.looked++ }

func (c *Case) keep(a *Answer) {
	c.looked++
	c.evidence = append(c.evidence, a.exchange())
	if len(c.evidence) > kept {
		c.evidence = c.evidence[1:]
	}
}

// call is a request that is being put together.
type call struct {
	method, path string
	header       http.Header
	body         []byte
	base         string
	chunked      bool
	// anonymous calls carry no token; quiet ones are no evidence and judged by no other rule.
	anonymous, quiet bool
	// asIs takes a 503 for the answer; else it is asked again when Retry-After says.
	asIs bool
	// alone calls have a connection of their own: behind a Service each may reach another replica.
	alone bool
	thing *thing
}

// keyed puts the request's Idempotency-Key in the place of {key}: the quoted form
// of a key is the same key, so it makes the same body.
func (r *call) keyed() {
	if key := r.header["Idempotency-Key"]; len(key) == 1 {
		r.body = bytes.ReplaceAll(r.body, []byte("{key}"), []byte(strings.Trim(key[0], `"`)))
	}
}

type option func(*call)

func with(name, value string) option {
	return func(r *call) { r.header[name] = []string{value} }
}

func without(name string) option { return func(r *call) { delete(r.header, name) } }

// jsonBody is a body as it is sent by default.
func jsonBody(body []byte) option {
	return func(r *call) {
		if body != nil {
			r.body = body
			r.header.Set("Content-Type", "application/json")
		}
	}
}

func anonymous() option            { return func(r *call) { r.anonymous = true } }
func asIs() option                 { return func(r *call) { r.asIs = true } }
func quiet() option                { return func(r *call) { r.quiet = true } }
func alone() option                { return func(r *call) { r.alone = true } }
func chunked() option              { return func(r *call) { r.chunked = true } }
func at(base string) option        { return func(r *call) { r.base = base } }
func token(t string) option        { return with("Authorization", "Bearer "+t) }
func about(t *thing) option        { return func(r *call) { r.thing = t } }
func match(tag string) option      { return with("If-Match", tag) }
func withKey(key string) option    { return with("Idempotency-Key", key) }
func newID() string                { return uuid.NewString() }
func traceparent(id string) string { return "00-" + id + "-" + randomHex(8) + "-01" }

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// ask sends a request, with a token where the operation wants one, and a trace of its own.
func (c *Case) ask(ctx context.Context, method, path string, options ...option) *Answer {
	id := randomHex(16)
	r := &call{method: method, path: path, header: http.Header{}, base: c.URL, thing: c.thing}
	r.header.Set("Traceparent", traceparent(id))
	r.header.Set("User-Agent", "conform")
	op := c.doc.find(method, path)
	if method == "PATCH" || method == "PUT" || method == "POST" {
		c.mediaTypeOf(op, r)
	}
	for _, o := range options {
		o(r)
	}
	r.keyed()
	if !r.anonymous && r.header["Authorization"] == nil {
		c.authorize(op, r)
	}
	a := c.patiently(ctx, r)
	a.page = len(c.Settings.Pages) > 0
	a.op, a.sentTrace, a.side = op, id, r.base != c.URL
	if r.header.Get("Traceparent") == "" || !strings.Contains(r.header.Get("Traceparent"), id) {
		a.sentTrace = ""
	}
	if !r.quiet {
		c.keep(a)
		c.saw(a)
	}
	return a
}

// patiently does what the contract asks of every client: a service that has too
// much to do says 503 and when to come again. Rules about 503 itself take it as it is.
func (c *Case) patiently(ctx context.Context, r *call) *Answer {
	a := c.send(ctx, r)
	for n := 0; n < 3 && a.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != "" && !r.asIs; n++ {
		select {
		case <-ctx.Done():
			return a
		case <-time.After(time.Second):
		}
		a = c.send(ctx, r)
	}
	return a
}

// outcome is what came, for a message.
func (a *Answer) outcome() string {
	if a.Err != nil {
		return "no answer: " + a.Err.Error()
	}
	return fmt.Sprint(a.Status)
}

// mediaTypeOf is a place for the body's type; JSON is set with the body.
func (c *Case) mediaTypeOf(op *operation, r *call) {
	if op == nil || op.node["requestBody"] == nil {
		r.header.Del("Content-Type")
	}
}

// reads are the methods of a run over a service that runs: it may share the database of the one that
// serves. Those of HTTP that change nothing, and those that nobody knows.
func reads(method string) bool {
	return slices.Contains([]string{"GET", "HEAD", "PROPFIND"}, method) || strings.HasPrefix(method, unknownMethods)
}

func (c *Case) send(ctx context.Context, r *call) *Answer {
	a := &Answer{Method: r.method, Path: r.path}
	a.sent = r.method + " " + r.path + " HTTP/1.1\n" + headerText(r.header) + clip(r.body)
	if c.Mode == Remote && (!reads(r.method) || r.body != nil) {
		a.Err = fmt.Errorf("%s %s is no read: a rule that needs it is decided on a process of its own", r.method, r.path)
		return a
	}
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	if r.chunked {
		body = io.MultiReader(body) // its length is unknown to net/http
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.base+r.path, body)
	if err != nil {
		a.Err = err
		return a
	}
	req.Header, req.Close = r.header, r.alone
	began := time.Now()
	defer func() { a.took = time.Since(began) }()
	res, err := c.client.Do(req)
	if err != nil {
		a.Err = err
		return a
	}
	defer res.Body.Close()
	a.Status, a.Header, a.closes = res.StatusCode, res.Header, res.Close
	a.Body, a.Err = io.ReadAll(io.LimitReader(res.Body, 16<<20))
	return a
}

// want compares the status; what came is evidence already.
func (a *Answer) want(status ...int) error {
	switch {
	case a.Err != nil:
		return fmt.Errorf("%s %s: want %s, got no answer: %w", a.Method, clipText(a.Path, 80), either(status), a.Err)
	case !a.is(status...):
		return fmt.Errorf("%s %s: want %s, got %d", a.Method, clipText(a.Path, 80), either(status), a.Status)
	}
	return nil
}

func either(status []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(status), " ", " or "), "[]")
}

// problem is the body of a refusal.
type problem struct {
	Type, Title, Detail, Instance, TraceID string
	Status                                 int
	Errors                                 []struct{ Pointer, Parameter, Detail string }
}

// wantProblem wants the status as a problem; kinds are the slugs that its type
// may have, none: whatever the contract gives to the status.
func (a *Answer) wantProblem(status int, kinds ...string) error {
	if err := a.want(status); err != nil {
		return err
	}
	if a.Method == http.MethodHead || (a.page && a.mediaType() == "text/html") {
		return nil // a page says it to people
	}
	p, err := a.problem()
	if err != nil {
		return err
	}
	if len(kinds) == 0 {
		return nil
	}
	for _, k := range kinds {
		if p.Type == k || p.Type == urn+k || (k == "about:blank" && p.Type == "") {
			return nil
		}
	}
	return fmt.Errorf("%s %s: want a problem of type %s, got %q", a.Method, a.Path, strings.Join(kinds, " or "), p.Type)
}

func (a *Answer) problem() (problem, error) {
	var p problem
	if a.mediaType() != "application/problem+json" {
		return p, fmt.Errorf("%s %s: %d is no problem: Content-Type %q", a.Method, a.Path, a.Status, a.Header.Get("Content-Type"))
	}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return p, fmt.Errorf("%s %s: the problem is no JSON: %w", a.Method, a.Path, err)
	}
	return p, nil
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
