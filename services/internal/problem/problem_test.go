package problem

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/trace"
)

func TestWriteKeepsToRFC9457(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/api/catalog/products/N%20NE?x=1", nil)
	p := trace.Continue("", "")
	r = r.WithContext(trace.With(r.Context(), p))
	w := httptest.NewRecorder()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Length", "Content-Encoding"} {
		w.Header().Set(name, "of the answer that was meant to be")
	}
	Write(w, r, New(Invalid, "There is no product.", Field{Pointer: "#/sku", Detail: "unknown"}).With("Retry-After", "3"))
	var got Problem
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Code != 422 || got.Status != 422 || got.Title != "The request is not valid" || got.Type != "urn:emporium:problem:invalid" ||
		got.Instance != "/api/catalog/products/N%20NE" || got.TraceID != p.ID || got.Errors[0].Pointer != "#/sku" {
		t.Errorf("got %d %+v", w.Code, got)
	}
	for name, want := range map[string]string{
		"Content-Type": ContentType, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Retry-After": "3",
		"ETag": "", "Last-Modified": "", "Content-Encoding": "", "Content-Length": fmt.Sprint(w.Body.Len()),
	} {
		if is := w.Header().Get(name); is != want {
			t.Errorf("%s is %q", name, is)
		}
	}
}

func TestHeadGetsNoBody(t *testing.T) {
	w := httptest.NewRecorder()
	Write(w, httptest.NewRequest(http.MethodHead, "/", nil), New(NotFound, ""))
	if w.Code != 404 || w.Body.Len() != 0 {
		t.Errorf("got %d and %q", w.Code, w.Body)
	}
}

// unsent is what pgconn reports of a connection that was closed before.
type unsent struct{}

func (unsent) Error() string     { return "conn closed" }
func (unsent) SafeToRetry() bool { return true }

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
		"two transactions met":           {sqlError("40001"), 503},
		"a deadlock":                     {sqlError("40P01"), 503},
		"a lock that is not to be had":   {sqlError("55P03"), 503},
		"a standby":                      {sqlError("25006"), 503},
		"a constraint nobody thought of": {sqlError("23514"), 500},
		"a connection ended":             {fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), 503},
		"one was closed before":          {unsent{}, 503},
		"a bug":                          {errors.New("index out of range"), 500},
	} {
		p := From(t.Context(), c.err)
		if p.Status != c.want || (c.want == 503) != (p.Header().Get("Retry-After") != "") {
			t.Errorf("%s: %d, Retry-After %q", name, p.Status, p.Header().Get("Retry-After"))
		}
		if p.Detail == "" || strings.Contains(p.Detail, c.err.Error()) {
			t.Errorf("%s: the inner error is told: %v", name, p.Detail)
		}
	}
}

func TestAFaultIsToldByItsKind(t *testing.T) {
	for name, c := range map[string]struct {
		err         error
		status      int
		kind, after string
		first       Field
	}{
		"not found":      {fault.NotFound("cart", "7"), 404, "not-found", "", Field{}},
		"stale":          {fmt.Errorf("changing: %w", fault.Stale()), 412, "stale", "", Field{}},
		"invalid":        {fault.Invalid("#/price", "no"), 422, "invalid", "", Field{Pointer: "#/price", Detail: "no"}},
		"bad cursor":     {fault.BadRequest("query.cursor", "no"), 400, "malformed", "", Field{Parameter: "query.cursor", Detail: "no"}},
		"in flight":      {fault.InFlight(), 409, "idempotency-in-flight", "1", Field{}},
		"another body":   {fault.Mismatch(), 422, "idempotency-mismatch", "", Field{}},
		"forbidden":      {fault.Forbidden("no"), 403, "forbidden", "", Field{}},
		"sold out":       {fault.Conflict("sold-out", "2 are left"), 409, "sold-out", "", Field{}},
		"one of its own": {fault.Conflict("wrong-size", ""), 409, "wrong-size", "", Field{}},
		"unavailable":    {fault.Unavailable("no", errors.New("refused")), 503, "unavailable", "1", Field{}},
		"without a time": {&fault.Fault{Kind: fault.UnavailableKind}, 503, "unavailable", "1", Field{}},
		"after a while":  {&fault.Fault{Kind: fault.UnavailableKind, RetryAfter: 1500 * time.Millisecond}, 503, "unavailable", "2", Field{}},
	} {
		p := From(t.Context(), c.err)
		if p.Status != c.status || p.Type != "urn:emporium:problem:"+c.kind || p.Title == "" || p.Header().Get("Retry-After") != c.after {
			t.Errorf("%s: %+v %v", name, p, p.Header())
		}
		if (c.first != Field{}) && (len(p.Errors) != 1 || p.Errors[0] != c.first) {
			t.Errorf("%s: %+v", name, p.Errors)
		}
	}
}

func TestAClientThatLeftIsNoFailure(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	p := From(ctx, fmt.Errorf("reading: %w", context.Canceled))
	w := httptest.NewRecorder()
	Write(w, httptest.NewRequest(http.MethodGet, "/", nil), p)
	if w.Code != GoneStatus || w.Body.Len() != 0 || log.Len() != 0 {
		t.Errorf("%d %s, logged %s", w.Code, w.Body, log.String())
	}
	if w.Header().Get("Connection") != "close" {
		t.Error("a client that is still there keeps a connection whose requests all end so")
	}
	if p := From(t.Context(), context.Canceled); p.Status != 503 {
		t.Errorf("our own cancelling is answered %d", p.Status)
	}
}

func TestWhatIsLoggedHoldsNoDetail(t *testing.T) {
	p := New(NotFound, "There is no customer jane@example.org.")
	if strings.Contains(p.Error(), "jane") || p.Error() != "urn:emporium:problem:not-found" || New(Plain(405), "").Error() != "Method Not Allowed" {
		t.Errorf("%q", p.Error())
	}
}

func TestTypesAreUniqueAndTitled(t *testing.T) {
	if len(registered) != 16 {
		t.Errorf("two kinds have one slug, or services/contract/v1/problems.md has to be changed too: %d", len(registered))
	}
	for slug, k := range registered {
		if k.Title == "" || k.Status < 400 || k.Type() != prefix+slug || Of(slug) != k {
			t.Errorf("%s: %+v", slug, k)
		}
	}
	if Plain(405).Type() != "about:blank" || Of("").Status != 500 {
		t.Error("a kind without a slug")
	}
}

func TestAProblemHasMembersOfItsKind(t *testing.T) {
	w := httptest.NewRecorder()
	Write(w, httptest.NewRequest("GET", "/x", nil), New(QuoteChanged, "Look.").Member("quote", map[string]int{"total": 7}).Member("again", true))
	var got struct {
		Title  string
		Status int
		Quote  struct{ Total int }
		Again  bool
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Quote.Total != 7 || !got.Again || got.Status != 409 || got.Title == "" {
		t.Errorf("%s: %v", w.Body, err)
	}
	bad := httptest.NewRecorder()
	Write(bad, httptest.NewRequest("GET", "/x", nil), New(Conflict, "No.").Member("never", func() {}))
	if !json.Valid(bad.Body.Bytes()) || bad.Code != 409 {
		t.Errorf("a member that cannot be written: %d %s", bad.Code, bad.Body)
	}
}
