package httpapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// Handler answers an operation. Its input is a struct whose fields say where they
// come from (path, query, header tags, Body), its output one with Body and
// headers. An error of package fault or problem is told as it is, any other is
// 500, or 503 where it is likely to pass.
type Handler[I, O any] = func(context.Context, *I) (*O, error)

// route is an operation with what must hold before it is asked.
type route struct {
	method, path string
	access       access.Access
	limits       Limits
	// takes are the media types of a body; none: there is no body.
	takes []string
	// gives are the media types of an answer.
	gives []string
	// key and match say that Idempotency-Key and If-Match must be there.
	key, match bool
	// safe says that a POST only asks, webhook that a stranger defines it.
	safe, webhook bool
	page          bool
	// bytes says that the body is no JSON: a picture, a file.
	bytes bool
	// session finds the token of a browser that shows none by itself.
	session func(*http.Request) string
	serve   http.HandlerFunc

	id, summary string
	about       string
	status      int
	refuses     []int
}

func (r *route) name() string {
	if r.method == "" {
		return r.path
	}
	return r.method + " " + r.path
}

// Option says more of a route than its types do.
type Option func(*route)

// ID is the operationId; it must be unique in the API and never change, for
// generated clients are called so. Unset it is made of method and path.
func ID(id string) Option { return func(r *route) { r.id = id } }

// Summary says in a few words what the operation does.
func Summary(text string) Option { return func(r *route) { r.summary = text } }

// About says at length what a caller must know of the operation.
func About(text string) Option { return func(r *route) { r.about = text } }

// Status is that of a success, where it is not 200.
func Status(code int) Option { return func(r *route) { r.status = code } }

// Refuses lists the statuses that the handler's own rules may answer, for the description.
func Refuses(codes ...int) Option { return func(r *route) { r.refuses = append(r.refuses, codes...) } }

// Safe says that a POST only asks: a question that does not fit into a path. It has no
// effect, so it takes no key; its description says "x-safe", and clients may send it again.
func Safe() Option { return func(r *route) { r.safe = true } }

// With bounds the route otherwise than the service.
func With(l Limits) Option { return func(r *route) { r.limits = l } }

// Produces are the media types of a page's answers, where they are not text/html.
func Produces(mediaTypes ...string) Option { return func(r *route) { r.gives = mediaTypes } }

// Consumes are the media types of a page's body. Unset the page has none.
func Consumes(mediaTypes ...string) Option { return func(r *route) { r.takes = mediaTypes } }

// Session finds the caller's token in a cookie of a browser, which sends no Authorization; empty is none. It is for pages alone, and
// what is sent with it from another site is refused: a browser adds cookies whoever asks.
func Session(token func(*http.Request) string) Option { return func(r *route) { r.session = token } }

// Get registers a read of one thing. With an ETag in its output it answers 304
// to who has that already, without the handler's doing.
func Get[I, O any](a *API, path string, who access.Access, h Handler[I, O], opts ...Option) {
	register(a, http.MethodGet, path, who, h, opts)
}

// List registers a read of many things.
func List[I, O any](a *API, path string, who access.Access, h Handler[I, O], opts ...Option) {
	register(a, http.MethodGet, path, who, h, opts)
}

// Post registers what makes a thing or has an effect. Its input embeds Idempotent, unless it is Safe.
func Post[I, O any](a *API, path string, who access.Access, h Handler[I, O], opts ...Option) {
	register(a, http.MethodPost, path, who, h, opts)
}

// Put registers what replaces a thing. Its input embeds IfMatch where the thing has versions.
func Put[I, O any](a *API, path string, who access.Access, h Handler[I, O], opts ...Option) {
	register(a, http.MethodPut, path, who, h, opts)
}

// Patch registers what changes parts of a thing: JSON Merge Patch (RFC 7396).
func Patch[I, O any](a *API, path string, who access.Access, h Handler[I, O], opts ...Option) {
	register(a, http.MethodPatch, path, who, h, opts)
}

// Delete registers what removes a thing.
func Delete[I, O any](a *API, path string, who access.Access, h Handler[I, O], opts ...Option) {
	register(a, http.MethodDelete, path, who, h, opts)
}

func register[I, O any](a *API, method, path string, who access.Access, h Handler[I, O], opts []Option) {
	r := newRoute(method, path, who, opts)
	if r.session != nil {
		panic(r.name() + " is no page: what is sent to it by a browser's cookie may be anybody's") // at the start, never later
	}
	r.gives = []string{"application/json"}
	var in any = new(I)
	_, r.key = in.(interface{ demandsKey() })
	_, r.match = in.(interface{ demandsMatch() })
	if r.safe && (r.key || r.match) {
		panic(r.name() + " is safe, and takes what only a change needs") // at the start, never later
	}
	op := r.operation(a)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		err := kept(ctx)
		var out *O
		if err == nil {
			out, err = h(ctx, in)
		}
		if err != nil {
			return nil, refusal{problem.From(ctx, err)}
		}
		return out, nil
	})
	r.serve = a.made[r.name()]
	if described := a.operation(method, path); described.RequestBody != nil {
		r.describeBytes(described.RequestBody)
		r.takes = slices.Sorted(maps.Keys(described.RequestBody.Content))
	}
	a.complete(r)
	a.add(r)
}

// Page registers what is no JSON operation: a page, a picture, a form, a stream.
func Page(a *API, method, path string, who access.Access, h http.HandlerFunc, opts ...Option) {
	r := newRoute(method, path, who, opts)
	r.page, r.serve = true, h
	if r.gives == nil {
		r.gives = []string{"text/html"}
	}
	op := r.operation(a)
	op.Parameters = pathParameters(path)
	success := &huma.Response{Description: http.StatusText(op.DefaultStatus), Content: map[string]*huma.MediaType{}}
	for _, mediaType := range r.gives {
		success.Content[mediaType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op.Responses = map[string]*huma.Response{fmt.Sprint(op.DefaultStatus): success}
	if r.takes != nil {
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{}}
		for _, mediaType := range r.takes {
			op.RequestBody.Content[mediaType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject}}
		}
	}
	a.huma.OpenAPI().AddOperation(&op)
	a.complete(r)
	a.add(r)
}

// Fallback answers what no other route does, with any method, in place of 404 and
// 405. It is no part of the description.
func Fallback(a *API, who access.Access, h http.HandlerFunc, opts ...Option) {
	r := newRoute("", "/", who, append([]Option{ID("fallback")}, opts...))
	r.page, r.serve = true, h
	a.add(r)
}

func newRoute(method, path string, who access.Access, opts []Option) *route {
	if !who.Set() {
		panic(method + " " + path + ": nobody decided who may call it") // at the start, never later
	}
	r := &route{method: method, path: path, access: who, status: http.StatusOK}
	for _, o := range opts {
		o(r)
	}
	if r.id == "" {
		r.id = defaultID(method, path)
	}
	if r.summary == "" {
		r.summary = r.id
	}
	return r
}

func (a *API) add(r *route) {
	if slices.ContainsFunc(a.routes, func(other *route) bool { return other.id == r.id }) {
		panic("two operations are called " + r.id) // at the start, never later
	}
	a.routes = append(a.routes, r)
}

// defaultID is the method and the words of the path: getProductsBySku.
func defaultID(method, path string) string {
	var id strings.Builder
	id.WriteString(strings.ToLower(method))
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		word := strings.Trim(part, "{}.$")
		if word == "" || word == "api" {
			continue
		}
		if part[0] == '{' {
			id.WriteString("By")
		}
		for piece := range strings.FieldsFuncSeq(word, func(r rune) bool { return r == '-' || r == '.' || r == '_' }) {
			id.WriteString(strings.ToUpper(piece[:1]) + piece[1:])
		}
	}
	return id.String()
}
