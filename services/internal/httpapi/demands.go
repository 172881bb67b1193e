package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

const (
	jsonType   = "application/json"
	mergePatch = "application/merge-patch+json"
)

// limited refuses a body before it is read as far as its length is told; a page
// bounds what it reads by the same number.
func (l Limits) limited(r *route) step {
	tooLarge := problem.New(problem.Plain(http.StatusRequestEntityTooLarge), fmt.Sprintf("The body is larger than %d bytes.", l.Body))
	return func(w http.ResponseWriter, req *http.Request, _ *call) (*http.Request, *problem.Problem) {
		if req.ContentLength > l.Body {
			w.Header().Set("Connection", "close") // the rest of the body is not read
			return req, tooLarge
		}
		if req.Body != nil && req.Body != http.NoBody {
			req.Body = http.MaxBytesReader(w, req.Body, l.Body)
		}
		return req, nil
	}
}

// accepted refuses what the client could not read (406) and what we cannot (415, 413).
func (r *route) accepted(w http.ResponseWriter, req *http.Request, c *call) (*http.Request, *problem.Problem) {
	if !acceptable(req.Header.Values("Accept"), r.gives) {
		return req, problem.New(problem.Plain(http.StatusNotAcceptable), "This is answered as "+strings.Join(r.gives, ", ")+" only.")
	}
	if !r.page {
		req.Header.Del("Accept") // decided: huma would choose once more
	}
	if len(r.takes) == 0 || req.ContentLength == 0 {
		return req, nil
	}
	if r.page {
		return req, r.typed(req)
	}
	if req.ContentLength > 0 { // told before it is read
		if p := r.typed(req); p != nil {
			return req, p
		}
	}
	if p := c.read(w, req); p != nil {
		return req, p
	}
	if len(c.body) > 0 {
		if p := r.typed(req); p != nil {
			return req, p
		}
		if !r.bytes {
			req.Header.Set("Content-Type", jsonType) // what huma knows; a merge patch is JSON
		}
	}
	return req, nil
}

// read reads the whole body of JSON, which limited has bounded.
func (c *call) read(w http.ResponseWriter, req *http.Request) *problem.Problem {
	body, err := io.ReadAll(req.Body)
	tooLarge := new(http.MaxBytesError)
	var network net.Error
	switch {
	case errors.As(err, &tooLarge):
		return problem.New(problem.Plain(http.StatusRequestEntityTooLarge), "The body is larger than "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes.")
	case errors.As(err, &network) && network.Timeout():
		w.Header().Set("Connection", "close")
		return problem.New(problem.Plain(http.StatusRequestTimeout), "The body did not arrive in time.")
	case err != nil:
		w.Header().Set("Connection", "close")
		return problem.New(problem.Malformed, "The body could not be read.")
	}
	c.body = body
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

// acceptHeader tells which types would be taken (RFC 9110 15.5.16, RFC 5789).
var acceptHeader = map[string]string{http.MethodPost: "Accept-Post", http.MethodPatch: "Accept-Patch"}

// typed refuses a body that does not say that it is of a type that the route
// takes. A web page of anybody can send text/plain without asking.
func (r *route) typed(req *http.Request) *problem.Problem {
	kind, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	charset := params["charset"]
	if err == nil && slices.Contains(r.takes, kind) && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	name := acceptHeader[r.method]
	if name == "" {
		name = "Accept"
	}
	list := strings.Join(r.takes, ", ")
	text := "The body must be " + list
	if !r.bytes {
		text += ", in UTF-8"
	}
	return problem.New(problem.Plain(http.StatusUnsupportedMediaType), text+".").With(name, list)
}

// acceptable tells whether the client takes one of the types. No Accept takes everything.
func acceptable(accept, gives []string) bool {
	text := strings.Join(accept, ",")
	if len(gives) == 0 || text == "" || text == "*/*" || slices.Contains(gives, text) {
		return true
	}
	for item := range strings.SplitSeq(text, ",") {
		kind, params, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q <= 0 {
			continue
		}
		if slices.ContainsFunc(gives, func(give string) bool { return covers(kind, give) }) {
			return true
		}
	}
	return false
}

// covers tells whether a media range such as image/* covers a type.
func covers(kind, give string) bool {
	if kind == "*/*" || kind == give {
		return true
	}
	family, all := strings.CutSuffix(kind, "/*")
	return all && strings.HasPrefix(give, family+"/")
}

// demanded refuses a request without what makes it safe: first its key, then the
// version that it was made for, and then its text.
func (r *route) demanded(_ http.ResponseWriter, req *http.Request, c *call) (*http.Request, *problem.Problem) {
	if r.key {
		if err := r.keyOf(req.Context(), req.Header.Get("Idempotency-Key")).Valid(); err != nil {
			return req, problem.From(req.Context(), err)
		}
	}
	if r.match && req.Header.Get("If-Match") == "" {
		return req, problem.New(problem.PreconditionRequired, "Send If-Match with the ETag that you read.")
	}
	if !r.bytes && !utf8.Valid(c.body) { // encoding/json would put U+FFFD in its place, and nobody would know
		return req, problem.New(problem.Malformed, "The request cannot be read; errors tells where.", problem.Field{Pointer: "#", Detail: "It is no UTF-8."})
	}
	return req, nil
}

// kept refuses a merge patch that removes a field (null, RFC 7396): none of ours
// can be, and huma would let it pass as if it were not there.
func kept(ctx context.Context) error {
	c := callOf(ctx)
	var patch map[string]any
	if c.route.method != http.MethodPatch || json.Unmarshal(c.body, &patch) != nil {
		return nil
	}
	for name, value := range patch {
		if value == nil {
			return fault.Invalid("#/"+pointer.Replace(name), "It cannot be removed.")
		}
	}
	return nil
}

// pointer escapes a name for a JSON pointer (RFC 6901).
var pointer = strings.NewReplacer("~", "~0", "/", "~1")

// panicText is what a log may hold of a panic: an error of the runtime says what
// went wrong, anything else may hold a customer's data and is named by its type.
func panicText(cause any) string {
	if err, is := cause.(interface {
		error
		RuntimeError()
	}); is {
		return err.Error()
	}
	return fmt.Sprintf("%T", cause)
}
