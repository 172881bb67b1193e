// Package clienttest keeps a consumer's tests honest: what they play is held to
// the provider's own openapi.json, so that a change of the provider is found when
// the consumer is built, and not when a customer meets it.
package clienttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// Release is the one that doubles say they are of.
const Release = "acme-1a2b3c4d"

// Provider is another service, played by a test.
type Provider struct {
	// URL is its address.
	URL string

	name      string
	server    *httptest.Server
	mux       *http.ServeMux
	validator validator.Validator
	t         testing.TB
	mu        sync.Mutex
	asked     []string
}

// Double plays the provider whose document is at openapi. routes are written as
// for http.ServeMux, with the document's paths: "GET /api/catalog/products/{sku}".
// A request or an answer that the document does not allow fails the test; such a
// request is answered 422, as the provider would, and no route sees it. What is
// in no route is answered 404. Answers name the provider in X-Shop-Sources, as those
// of a service do.
func Double(t testing.TB, openapi string, routes map[string]http.HandlerFunc) *Provider {
	t.Helper()
	p := &Provider{t: t, mux: http.NewServeMux(), validator: load(t, openapi)}
	document := read(t, openapi)
	for route, handler := range routes {
		document.operation(t, route) // there is one
		p.mux.HandleFunc(route, handler)
	}
	p.name, _ = document.at("info")["title"].(string)
	p.server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	p.URL = p.server.URL
	return p
}

// Close lets the provider go away: from now on nobody listens at its address.
func (p *Provider) Close() { p.server.Close() }

// Asked lists the requests that came, in order: "GET /api/catalog/products?limit=20".
func (p *Provider) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.asked...)
}

// ServeHTTP implements http.Handler.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.URL.RequestURI())
	p.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Errorf("reading the body of %s %s: %v", r.Method, r.URL.Path, err)
		return
	}
	again := func() *http.Request {
		c := r.Clone(r.Context())
		c.Body = io.NopCloser(bytes.NewReader(body))
		return c
	}
	w.Header().Set(frontdoor.HeaderSources, strings.ToLower(p.name)+"="+Release)
	if _, pattern := p.mux.Handler(r); pattern == "" {
		Problem(w, http.StatusNotFound)
		return
	}
	if valid, wrong := p.validator.ValidateHttpRequestSync(again()); !valid {
		p.t.Errorf("%s %s is asked for what the provider refuses: %s", r.Method, r.URL.RequestURI(), told(wrong))
		Problem(w, http.StatusUnprocessableEntity)
		return
	}
	answer := httptest.NewRecorder()
	p.mux.ServeHTTP(answer, again())
	p.check(again(), answer)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // the client is gone: nobody to tell
}

// check holds an answer of the test's to the document.
func (p *Provider) check(r *http.Request, answer *httptest.ResponseRecorder) {
	res := answer.Result()
	res.Body = io.NopCloser(bytes.NewReader(answer.Body.Bytes()))
	if valid, wrong := p.validator.ValidateHttpResponse(r, res); !valid {
		p.t.Errorf("the double's answer %d to %s %s is none of the provider's: %s", answer.Code, r.Method, r.URL.Path, told(wrong))
	}
}

// JSON answers with a value as JSON.
func JSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone: nobody to tell
}

// Problem refuses as a service does, without a type of its own.
func Problem(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status})
}

func told(wrong []*errors.ValidationError) string {
	var all []string
	for _, w := range wrong {
		text := w.Message + ": " + w.Reason
		for _, f := range w.SchemaValidationErrors {
			text += "; " + f.FieldPath + " " + f.Reason
		}
		all = append(all, text)
	}
	return strings.Join(all, " | ")
}

func load(t testing.TB, openapi string) validator.Validator {
	t.Helper()
	text, err := os.ReadFile(openapi) //nolint:gosec // the test's own path
	if err != nil {
		t.Fatalf("reading the provider's document: %v", err)
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatalf("reading the provider's document %s: %v", openapi, err)
	}
	// Who may ask is tested where tokens are: a double knows no keys.
	v, errs := validator.NewValidator(document, config.WithoutSecurityValidation(), config.WithFormatAssertions())
	if len(errs) > 0 {
		t.Fatalf("reading the provider's document %s: %v", openapi, errs)
	}
	return v
}
