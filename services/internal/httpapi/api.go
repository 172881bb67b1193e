package httpapi

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// API is the routes of a service, and their description.
type API struct {
	huma   huma.API
	routes []*route
	// made takes what huma makes of a route, by pattern.
	made   made
	tag    string
	refuse func(http.ResponseWriter, *http.Request, *problem.Problem)

	describeOnce sync.Once
	description  []byte
	describeErr  error
}

// NewAPI returns an API without routes but /openapi.json. The version of the
// description is the API's, not the build's: it is checked in, and a build must
// not change it.
func NewAPI(title, about string) *API {
	cfg := huma.DefaultConfig(title, "1")
	cfg.Info.Description = about
	// No $schema in bodies, no documentation pages: /openapi.json says it all.
	cfg.CreateHooks, cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = nil, "", "", ""
	cfg.Transformers = []huma.Transformer{write}
	cfg.Formats = map[string]huma.Format{"application/json": {Marshal: encode, Unmarshal: json.Unmarshal}}
	// A parameter that is misspelt would list everything instead of a part.
	cfg.RejectUnknownQueryParameters = true
	cfg.Components.SecuritySchemes = schemes()
	cfg.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[money.Money](), reflect.TypeFor[Money]())
	cfg.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[refusal](), reflect.TypeFor[problem.Problem]())
	a := &API{made: made{}, tag: strings.ToLower(title), refuse: problem.Write}
	a.huma = humago.New(a.made, cfg)
	return a
}

// Refusals sets how the chain and the mux refuse: a service of pages answers with
// a page. Routes of JSON keep to problems.
func (a *API) Refusals(refuse func(http.ResponseWriter, *http.Request, *problem.Problem)) {
	a.refuse = refuse
}

// made is the mux that huma sees: it keeps the handlers until the server puts its
// chain around them.
type made map[string]http.HandlerFunc

func (m made) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) { m[pattern] = h }

// ServeHTTP is there because humago asks for it; nothing calls it.
func (m made) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

func schemes() map[string]*huma.SecurityScheme {
	bearer := func(who string) *huma.SecurityScheme {
		return &huma.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: who}
	}
	return map[string]*huma.SecurityScheme{
		"customer": bearer("A token of auth with kind=customer"),
		"owner":    bearer("A token of auth with kind=customer; or none, where the path holds an id that only the owner knows"),
		"staff":    bearer("A token of auth with kind=staff and the scope"),
		"service":  bearer("A token that one of the named services signed"),
	}
}

// Encoder is a body that is encoded already.
type encoder interface{ encoded() []byte }

// encode writes bodies: JSON on one line, and what is encoded already as it is.
func encode(w io.Writer, v any) error {
	switch body := v.(type) {
	case written:
		return nil
	case encoder:
		_, err := w.Write(body.encoded())
		return err
	}
	b, err := Encode(v)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}

// Encode is a value as an answer holds it.
func Encode(v any) ([]byte, error) {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // an answer is no page
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return []byte(strings.TrimSuffix(out.String(), "\n")), nil
}
