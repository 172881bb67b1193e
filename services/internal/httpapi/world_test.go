package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/deadline"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
)

// world is a small service that has everything that routes can have.
type world struct {
	*Server
	metrics *telemetry.Metrics
	// entered says that /api/things/slow is being served, leave lets it end.
	entered, leave chan struct{}
	keys           []idempotency.Key
	sent           []string
	asked          int
}

type thing struct {
	ID    string      `json:"id"`
	Price money.Money `json:"price"`
	Note  string      `json:"note,omitempty"`
}

type thingOut struct {
	ETag  string `header:"ETag"`
	Cache string `header:"Cache-Control"`
	Vary  string `header:"Vary"`
	Body  thing
}

type listIn struct {
	Limit int `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

type makeIn struct {
	Idempotent
	Body *struct {
		Name string `json:"name,omitempty" maxLength:"10"`
	}
}

type changeIn struct {
	IfMatch
	ID   string `path:"id" maxLength:"10"`
	Body struct {
		Note  *string      `json:"note,omitempty" maxLength:"10"`
		Price *money.Money `json:"price,omitempty"`
	}
}

type idIn struct {
	ID string `path:"id" maxLength:"10"`
}

var euro = money.New(1290, "EUR")

func newWorld(t testing.TB, limits Limits, checks ...Check) *world {
	t.Helper()
	w := &world{metrics: telemetry.NewMetrics("7"), entered: make(chan struct{}, 100), leave: make(chan struct{})}
	own := accesstest.Service(t, "checkout") // makes its key
	_ = own
	keys, err := access.KeysFrom(t.Context(), func(name string) string {
		return map[string]string{"SHOP_JWKS": accesstest.JWKS()}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Server, err = NewServer(w.api(), Options{
		Identity: Identity{Service: "things", Shop: accesstest.Shop, Release: "acme-1", Version: "7", ShopVersion: "2026.11"},
		Contract: Contract{Provides: []string{"things/v1"}}, Limits: limits, Metrics: w.metrics,
		Verifier: access.NewVerifier(keys, accesstest.Shop, time.Now), Checks: checks,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) api() *API {
	a := NewAPI("Things", "What tests need.")
	List(a, "/api/things", access.Public, func(context.Context, *listIn) (*struct {
		Body struct {
			Items []thing `json:"items" nullable:"false"`
		}
	}, error) {
		w.asked++
		return nil, errors.New("a bug")
	}, ID("listThings"))
	Get(a, "/api/things/{id}", access.Public, w.get, ID("getThing"), Refuses(404))
	Post(a, "/api/things", access.Public, w.make, ID("makeThing"), Status(201))
	Patch(a, "/api/things/{id}", access.Staff("things:write"), w.change, ID("changeThing"), Refuses(404))
	Delete(a, "/api/things/{id}", access.Service("checkout"), w.remove, ID("removeThing"), Status(204))
	Get(a, "/api/things/mine", access.Customer, w.mine, ID("getMine"))
	Get(a, "/api/things/slow", access.Public, w.slow, ID("waitForThing"), With(Limits{Deadline: 50 * time.Millisecond, InFlight: 2}))
	Page(a, "GET", "/picture", access.Public, w.picture, ID("getPicture"), Produces("image/svg+xml"))
	Page(a, "POST", "/form", access.Public, w.picture, ID("sendForm"), Consumes("application/x-www-form-urlencoded"))
	Page(a, "GET", "/panic/{how}", access.Public, w.panics, ID("panic"))
	return a
}

func (w *world) get(ctx context.Context, in *idIn) (*thingOut, error) {
	if in.ID == "none" {
		return nil, fault.NotFound("thing", in.ID)
	}
	return &thingOut{ETag: `"3-abc"`, Cache: "public, max-age=5", Vary: "Accept-Language", Body: thing{ID: in.ID, Price: euro}}, nil
}

func (w *world) make(ctx context.Context, in *makeIn) (*Answer[thing], error) {
	w.keys, w.sent = append(w.keys, in.Key(ctx)), append(w.sent, string(in.Sent(ctx)))
	body, err := Encode(thing{ID: "1", Price: euro, Note: "<b>"})
	return Replay[thing](idempotency.Stored{Status: 201, Header: map[string]string{"Location": "/api/things/1", "ETag": `"1-abc"`}, Body: body, Replayed: len(w.keys) > 1}), err
}

func (w *world) change(_ context.Context, in *changeIn) (*thingOut, error) {
	if in.ID == "none" {
		return nil, fault.NotFound("thing", in.ID)
	}
	if err := in.Check(3); err != nil {
		return nil, err
	}
	return &thingOut{ETag: `"4-abc"`, Body: thing{ID: in.ID, Price: euro}}, nil
}

func (w *world) remove(context.Context, *idIn) (*struct{}, error) { return nil, nil } //nolint:nilnil // 204 has no body

func (w *world) mine(ctx context.Context, _ *struct{}) (*thingOut, error) {
	return &thingOut{Body: thing{ID: access.From(ctx).Subject, Price: euro}}, nil
}

// slow waits for the test, or for its deadline.
func (w *world) slow(ctx context.Context, _ *struct{}) (*thingOut, error) {
	w.entered <- struct{}{}
	select {
	case <-w.leave:
		return &thingOut{Body: thing{ID: "slow", Price: euro}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *world) picture(out http.ResponseWriter, r *http.Request) {
	out.Header().Set("Content-Type", "image/svg+xml")
	out.Header().Set("ETag", `"p"`)
	out.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = out.Write([]byte("<svg/>"))
}

func (w *world) panics(out http.ResponseWriter, r *http.Request) {
	if r.PathValue("how") == "late" {
		_, _ = out.Write([]byte("half"))
	}
	panic("jane@example.org")
}

// send asks for something. A body is JSON unless the header says otherwise.
func (w *world) send(method, path, body string, header ...string) *httptest.ResponseRecorder {
	return w.do(context.Background(), method, path, body, header...)
}

func (w *world) do(ctx context.Context, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for n := 0; n < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	out := httptest.NewRecorder()
	w.ServeHTTP(out, r)
	return out
}

// refused checks a refusal: its status, and its kind where that has a slug.
func refused(t *testing.T, name string, got *httptest.ResponseRecorder, status int, slug string) problem.Problem {
	t.Helper()
	var p problem.Problem
	err := json.Unmarshal(got.Body.Bytes(), &p)
	want := "about:blank"
	if slug != "" {
		want = "urn:emporium:problem:" + slug
	}
	h := got.Header()
	if err != nil || got.Code != status || p.Status != status || p.Type != want || p.TraceID == "" || p.Title == "" ||
		h.Get("Content-Type") != problem.ContentType || h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" ||
		h.Get("X-Shop-Sources") != "things=acme-1" || h.Get("ETag") != "" {
		t.Errorf("%s: %d %v %s (%v), want %d %s", name, got.Code, h, got.Body, err, status, want)
	}
	return p
}

const (
	key      = "8e03978e-40d5-43e8-bc93-6894a57f9324"
	noTime   = "0"
	ago      = deadline.Header
	anything = "*/*"
)
