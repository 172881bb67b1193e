package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

// API is a mux whose routes describe themselves: what is registered with huma
// is checked against its Go types and stands in /openapi.json.
type API struct {
	huma.API
	// Mux takes routes that are not huma's, such as pages.
	Mux *http.ServeMux
}

// NewAPI returns an API without routes but /openapi.json. The version of the
// description is the API's, not the build's: it is checked in, and a build
// must not change it.
func NewAPI(title, description string) *API {
	cfg := huma.DefaultConfig(title, "1")
	cfg.Info.Description = description
	// No $schema in bodies, no documentation pages: /openapi.json says it all.
	cfg.CreateHooks, cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = nil, "", "", ""
	cfg.Transformers = []huma.Transformer{problem.Transform}
	mux := http.NewServeMux()
	a := &API{API: humago.New(mux, cfg), Mux: mux}
	a.UseMiddleware(a.jsonOnly)
	mux.HandleFunc("GET /openapi.json", a.describe)
	return a
}

// ServeHTTP makes an API the Handler of a Service.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.Mux.ServeHTTP(w, r) }

// Document adds a route that huma does not serve to the description.
func (a *API) Document(method, path, summary, contentType string) {
	a.OpenAPI().AddOperation(&huma.Operation{
		Method: method, Path: path, Summary: summary,
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: map[string]*huma.MediaType{contentType: {}}},
		},
	})
}

// Description is the OpenAPI document as it is checked in.
func (a *API) Description() ([]byte, error) {
	raw, err := a.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("describing the API: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return nil, fmt.Errorf("describing the API: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func (a *API) describe(w http.ResponseWriter, r *http.Request) {
	b, err := a.Description()
	if err != nil {
		problem.Write(w, r, http.StatusInternalServerError, "", "The description of this service cannot be written.")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b) // the client is gone: nobody to tell
}

// jsonOnly refuses a body that does not say it is JSON. huma would take one
// without a Content-Type for JSON, and so accept what any web page can send.
func (a *API) jsonOnly(c huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(c)
	if c.Operation().RequestBody == nil || r.ContentLength == 0 {
		next(c)
		return
	}
	kind, _, err := mime.ParseMediaType(c.Header("Content-Type"))
	if err == nil && kind == "application/json" {
		next(c)
		return
	}
	_ = huma.WriteErr(a, c, http.StatusUnsupportedMediaType, "The body must be application/json.") // logged by huma
}
