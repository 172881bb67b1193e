package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

// operation is what is said of a route before huma adds its types.
func (r *route) operation(a *API) huma.Operation {
	var more map[string]any
	if r.webhook {
		more = map[string]any{"x-webhook": true}
	}
	return huma.Operation{
		Extensions: more,
		Method:     r.method, Path: strings.TrimSuffix(r.path, "{$}"), OperationID: r.id, Summary: r.summary, Description: r.about, Tags: []string{a.tag},
		DefaultStatus: r.status, Security: r.access.Requirements(),
		MaxBodyBytes: -1, // limited has read and bounded it
		// huma's own is 5 s from here on, and stays on the connection while the handler works: see allRead.
		BodyReadTimeout: -1,
	}
}

// operation finds what was added to the document.
func (a *API) operation(method, path string) *huma.Operation {
	item := a.huma.OpenAPI().Paths[path]
	switch method {
	case http.MethodGet:
		return item.Get
	case http.MethodPost:
		return item.Post
	case http.MethodPut:
		return item.Put
	case http.MethodPatch:
		return item.Patch
	}
	return item.Delete
}

// complete says what the chain adds: the media types of a patch, what may be
// refused, and 304.
func (a *API) complete(r *route) {
	op := a.operation(r.method, strings.TrimSuffix(r.path, "{$}"))
	if r.method == http.MethodPatch && op.RequestBody != nil && !r.page {
		op.RequestBody.Content[mergePatch] = op.RequestBody.Content[jsonType]
		r.takes = append(r.takes, mergePatch)
	}
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem.Problem](), true, "")
	refused := func(description string) *huma.Response {
		return &huma.Response{Description: description, Content: map[string]*huma.MediaType{problem.ContentType: {Schema: schema}}}
	}
	for _, code := range r.refusals(len(op.Parameters) > 0) {
		op.Responses[strconv.Itoa(code)] = refused(http.StatusText(code))
	}
	op.Responses["default"] = refused("Any other refusal")
	if _, tagged := op.Responses[strconv.Itoa(r.status)].Headers["ETag"]; tagged && r.method == http.MethodGet {
		op.Responses["304"] = &huma.Response{Description: "The copy that If-None-Match names is still right"}
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "If-None-Match", In: "header", Description: "ETags of the copies that you have",
			Schema: &huma.Schema{Type: huma.TypeString},
		})
	}
}

// refusals are the statuses under 500 that the operation can answer, by what it demands.
func (r *route) refusals(parameters bool) []int {
	codes := slices.Clone(r.refuses)
	if !r.access.Anyone() {
		codes = append(codes, http.StatusUnauthorized, http.StatusForbidden)
	}
	if len(r.takes) > 0 {
		codes = append(codes, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if (len(r.takes) > 0 || parameters) && !r.page {
		codes = append(codes, http.StatusUnprocessableEntity)
	}
	if r.key {
		codes = append(codes, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
	}
	if r.match {
		codes = append(codes, http.StatusPreconditionFailed, http.StatusPreconditionRequired)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func pathParameters(path string) (list []*huma.Param) {
	for part := range strings.SplitSeq(path, "/") {
		if name, is := strings.CutPrefix(part, "{"); is && part != "{$}" {
			list = append(list, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
	}
	return list
}

// Description is the OpenAPI document as it is checked in and served. It is made
// once, so all routes must be there.
func (a *API) Description() ([]byte, error) {
	a.describeOnce.Do(func() { a.description, a.describeErr = a.describe() })
	return a.description, a.describeErr
}

func (a *API) describe() ([]byte, error) {
	raw, err := a.huma.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("describing the API: %w", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("describing the API: %w", err)
	}
	public(doc)
	open(doc)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("describing the API: %w", err)
	}
	return out.Bytes(), nil
}

// public writes the empty list that huma leaves out: no security, and not "what
// the document says at its top".
func public(doc map[string]any) {
	for op := range operations(doc) {
		if op["security"] == nil {
			op["security"] = []any{}
		}
	}
}

// open lets answers grow: to a strict client, every new field of a closed answer
// is a break. What is part of a request stays closed, for a field that is
// misspelt there would be lost. What is part of both, such as money, is described
// twice: Money as it is answered, NewMoney as it is sent.
func open(doc map[string]any) {
	components, _ := doc["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	sent, answered := map[string]bool{}, map[string]bool{}
	for op := range operations(doc) {
		mark(op["requestBody"], schemas, sent)
		mark(op["responses"], schemas, answered)
	}
	split(doc, schemas, sent, answered)
	for op := range operations(doc) {
		unclose(op["responses"])
	}
	for name := range answered {
		unclose(schemas[name])
	}
}

// split gives what is sent and answered a second description, and lets the
// requests use that.
func split(doc, schemas map[string]any, sent, answered map[string]bool) {
	for name := range sent {
		if !answered[name] {
			redirect(schemas[name], sent, answered)
			continue
		}
		closed := clone(schemas[name])
		redirect(closed, sent, answered)
		schemas["New"+name] = closed
	}
	for op := range operations(doc) {
		redirect(op["requestBody"], sent, answered)
	}
}

// redirect lets references of a request lead to what is sent.
func redirect(at any, sent, answered map[string]bool) {
	switch v := at.(type) {
	case map[string]any:
		if ref, is := v["$ref"].(string); is {
			name := ref[strings.LastIndexByte(ref, '/')+1:]
			if sent[name] && answered[name] {
				v["$ref"] = strings.TrimSuffix(ref, name) + "New" + name
			}
		}
		for _, child := range v {
			redirect(child, sent, answered)
		}
	case []any:
		for _, child := range v {
			redirect(child, sent, answered)
		}
	}
}

func clone(at any) any {
	switch v := at.(type) {
	case map[string]any:
		same := map[string]any{}
		for name, child := range v {
			same[name] = clone(child)
		}
		return same
	case []any:
		same := make([]any, len(v))
		for n, child := range v {
			same[n] = clone(child)
		}
		return same
	}
	return at
}

// mark notes the schemas that are reached from here.
func mark(at any, schemas map[string]any, found map[string]bool) {
	switch v := at.(type) {
	case map[string]any:
		if ref, is := v["$ref"].(string); is {
			name := ref[strings.LastIndexByte(ref, '/')+1:]
			if !found[name] {
				found[name] = true
				mark(schemas[name], schemas, found)
			}
		}
		for _, child := range v {
			mark(child, schemas, found)
		}
	case []any:
		for _, child := range v {
			mark(child, schemas, found)
		}
	}
}

func unclose(at any) {
	switch v := at.(type) {
	case map[string]any:
		if v["additionalProperties"] == false {
			delete(v, "additionalProperties")
		}
		for _, child := range v {
			unclose(child)
		}
	case []any:
		for _, child := range v {
			unclose(child)
		}
	}
}

// operations yields every operation of a document.
func operations(doc map[string]any) func(yield func(map[string]any) bool) {
	return func(yield func(map[string]any) bool) {
		paths, _ := doc["paths"].(map[string]any)
		for _, item := range paths {
			methods, _ := item.(map[string]any)
			for _, op := range methods {
				if op, is := op.(map[string]any); is && !yield(op) {
					return
				}
			}
		}
	}
}
