package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/emporium-shop/emporium/services/internal/trace"
)

func TestWriteKeepsToRFC9457(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/api/catalog/products/NONE?x=1", nil)
	p := trace.Continue("", "")
	r = r.WithContext(trace.With(r.Context(), p))
	w := httptest.NewRecorder()
	w.Header().Set("ETag", `"1-0"`)
	Write(w, r, http.StatusNotFound, "", "There is no product.", Field{Pointer: "#/sku", Detail: "unknown"})
	var got Problem
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Code != 404 || got.Status != 404 || got.Title != "Not Found" || got.Type != "about:blank" ||
		got.Instance != "/api/catalog/products/NONE" || got.TraceID != p.ID || got.Errors[0].Pointer != "#/sku" {
		t.Errorf("got %d %+v", w.Code, got)
	}
	for name, want := range map[string]string{"Content-Type": ContentType, "Cache-Control": "no-store", "ETag": ""} {
		if is := w.Header().Get(name); is != want {
			t.Errorf("%s is %q", name, is)
		}
	}
}

func TestHeadGetsNoBody(t *testing.T) {
	w := httptest.NewRecorder()
	Write(w, httptest.NewRequest(http.MethodHead, "/", nil), http.StatusNotFound, "", "")
	if w.Code != 404 || w.Body.Len() != 0 {
		t.Errorf("got %d and %q", w.Code, w.Body)
	}
}

// sqlError is what pgx reports, as far as is looked at.
type sqlError string

func (e sqlError) Error() string    { return "SQLSTATE " + string(e) }
func (e sqlError) SQLState() string { return string(e) }

func TestWhatPassesIs503AndTheRestIs500(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"a deadline":                     {fmt.Errorf("asking: %w", context.DeadlineExceeded), 503},
		"PostgreSQL is full":             {fmt.Errorf("asking: %w", sqlError("53300")), 503},
		"PostgreSQL stops":               {sqlError("57P01"), 503},
		"a connection broke":             {sqlError("08006"), 503},
		"a constraint nobody thought of": {sqlError("23514"), 500},
		"a bug":                          {errors.New("index out of range"), 500},
	} {
		p := Inner(t.Context(), c.err)
		if p.Status != c.want || (c.want == 503) != (p.GetHeaders().Get("Retry-After") != "") {
			t.Errorf("%s: %d, Retry-After %q", name, p.Status, p.GetHeaders().Get("Retry-After"))
		}
		if p.Detail == "" || errors.Is(p, c.err) {
			t.Errorf("%s: the inner error is told: %v", name, p)
		}
	}
}

func TestWhatIsWrongIsLocated(t *testing.T) {
	for location, want := range map[string]Field{
		"body":                     {Pointer: "#"},
		"body.price.amount":        {Pointer: "#/price/amount"},
		"body.items[3].name":       {Pointer: "#/items/3/name"},
		"query.limit":              {Parameter: "query.limit"},
		"header.Idempotency-Key":   {Parameter: "header.Idempotency-Key"},
		"bodyless.but.looks.alike": {Parameter: "bodyless.but.looks.alike"},
	} {
		if got := locate(location, ""); got != want {
			t.Errorf("%s: got %+v", location, got)
		}
	}
}

func TestAProblemAmongErrorsStandsForAll(t *testing.T) {
	missing := New(http.StatusPreconditionRequired, "", "Send If-Match.")
	got := found(422, "validation failed", []error{&huma.ErrorDetail{Location: "body.name", Message: "too long"}, missing})
	if got != missing {
		t.Errorf("got %+v", got)
	}
}
