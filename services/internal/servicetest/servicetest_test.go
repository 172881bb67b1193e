package servicetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// desk is a service that makes parcels.
var desk = postgres.Schema{
	Name: "desk", Floor: 1, Parts: []postgres.Part{idempotency.Tables},
	Files: fstest.MapFS{"00001_parcels.sql": {Data: []byte("-- +goose Up\nCREATE TABLE desk.parcels (id uuid PRIMARY KEY);\n")}},
}

// judge is a test that may fail: it keeps what it was told.
type judge struct {
	testing.TB
	mu     sync.Mutex
	errors []string
}

func (j *judge) Errorf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.errors = append(j.errors, fmt.Sprintf(format, args...))
}

func (j *judge) Failed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.errors) > 0
}

func (j *judge) Helper() {}

// deskService counts parcels.
func deskService() app.Service {
	type answer struct {
		Body struct {
			Parcels int `json:"parcels"`
		}
	}
	return app.Service{
		Name: "desk", About: "Parcels.", Schema: desk, Provides: []string{"desk/v1"},
		New: func(_ context.Context, k *app.Kit) (app.Parts, error) {
			a := k.NewAPI()
			httpapi.Get(a, "/api/desk", access.Public, func(ctx context.Context, _ *struct{}) (*answer, error) {
				var out answer
				return &out, k.DB.QueryRow(ctx, `SELECT count(*) FROM desk.parcels`).Scan(&out.Body.Parcels)
			}, httpapi.Summary("How many parcels there are"))
			return app.Parts{API: a}, nil
		},
	}
}

func TestAServiceRunsAsInAShop(t *testing.T) {
	s := Start(t, deskService())
	res := s.Send(t, "GET", "/api/desk", "")
	if sources := res.Header.Get("X-Shop-Sources"); res.StatusCode != 200 || sources != "desk=acme-1a2b3c4d" {
		t.Errorf("%d, sources %q", res.StatusCode, sources)
	}
}

func TestTheContractIsLookedAt(t *testing.T) {
	t.Chdir(t.TempDir())
	document, err := app.Description(deskService())
	if err != nil {
		t.Fatal(err)
	}
	s := Start(t, deskService())
	for settings, broken := range map[string]string{`{"service":"desk","schema":"desk"}`: "", `{"service":"counter"}`: "K-02"} {
		for name, text := range map[string]string{"conform.json": settings, "openapi.json": string(document)} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		j := &judge{TB: t}
		s.Contract(j)
		if told := strings.Join(j.errors, "\n"); (broken == "") != (told == "") || !strings.Contains(told, broken) {
			t.Errorf("with %s the test is told %q", settings, told)
		}
	}
}

// makeParcel makes a parcel under a key, as a POST does.
func makeParcel(key string) func(*postgres.DB) error {
	return func(db *postgres.DB) error {
		_, err := idempotency.Once(context.Background(), db, idempotency.Key{Route: "POST /api/desk", Value: key}, nil, func(ctx context.Context, tx pgx.Tx) (idempotency.Stored, error) {
			_, err := tx.Exec(ctx, `INSERT INTO desk.parcels VALUES (gen_random_uuid())`)
			return idempotency.Stored{Status: 201}, err
		})
		return err
	}
}

func oneParcel(t testing.TB, db *postgres.DB) {
	var n int
	if err := db.QueryRow(context.Background(), `SELECT count(*) FROM desk.parcels`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d parcels, want 1 (%v)", n, err)
	}
}

// Rule F2, at each point at which a process can be killed.
func TestAKeyThatIsSentAgainAfterADeathMakesOneThing(t *testing.T) {
	Crash(t, desk, makeParcel(uuid.NewString()), oneParcel)
}

func TestCrashFindsWhatIsDoneTwice(t *testing.T) {
	j := &judge{TB: t}
	Crash(j, desk, func(db *postgres.DB) error {
		_, err := db.Exec(context.Background(), `INSERT INTO desk.parcels VALUES (gen_random_uuid())`)
		return err
	}, func(t testing.TB, db *postgres.DB) {
		var n int
		if err := db.QueryRow(context.Background(), `SELECT count(*) FROM desk.parcels`).Scan(&n); err != nil || n > 1 {
			t.Errorf("%d parcels", n)
		}
	})
	if told := strings.Join(j.errors, "\n"); !strings.Contains(told, "when PostgreSQL had done it") || strings.Contains(told, "before PostgreSQL had it") {
		t.Errorf("an insert without a key went through: %q", told)
	}
}

func TestCrashFindsHalfOfAThing(t *testing.T) {
	j := &judge{TB: t}
	Crash(j, desk, func(db *postgres.DB) error { // two commits for one thing
		for _, id := range []string{"0f8fad5b-d9cb-469f-a165-70867728950e", "1f8fad5b-d9cb-469f-a165-70867728950e"} {
			var n int
			if err := db.QueryRow(context.Background(), `SELECT count(*) FROM desk.parcels`).Scan(&n); err != nil {
				return err
			}
			if n == 1 && id[0] == '0' {
				return nil // "it is done already"
			}
			if _, err := db.Exec(context.Background(), `INSERT INTO desk.parcels VALUES ($1) ON CONFLICT DO NOTHING`, id); err != nil {
				return err
			}
		}
		return nil
	}, func(t testing.TB, db *postgres.DB) {
		var n int
		if err := db.QueryRow(context.Background(), `SELECT count(*) FROM desk.parcels`).Scan(&n); err != nil || n != 2 {
			t.Errorf("%d of 2 parcels", n)
		}
	})
	if len(j.errors) == 0 {
		t.Error("half a thing went through")
	}
}

func TestWritersFindALostUpdate(t *testing.T) {
	for name, c := range map[string]struct {
		status func(first bool) int
		fails  bool
	}{
		"one wins":      {func(first bool) int { return map[bool]int{true: 200, false: 412}[first] }, false},
		"all win":       {func(bool) int { return 200 }, true},
		"nobody wins":   {func(bool) int { return 412 }, true},
		"others get it": {func(first bool) int { return map[bool]int{true: 200, false: 500}[first] }, true},
	} {
		j := &judge{TB: t}
		var mu sync.Mutex
		var taken map[string]bool
		round := 0
		Writers(j, 4, 3, func() string { taken = map[string]bool{}; round++; return fmt.Sprint(round) }, func(_ int, version string) int {
			mu.Lock()
			defer mu.Unlock()
			first := !taken[version]
			taken[version] = true
			return c.status(first)
		})
		if (len(j.errors) > 0) != c.fails {
			t.Errorf("%s: %v", name, j.errors)
		}
	}
}

const described = `{"openapi":"3.1.0","paths":{"/a":{"METHOD":{"operationId":"doA","summary":"Do a","security":[],PARAMETERS"responses":{"200":{"content":{"application/json":{"schema":{"type":"object"}}}},"default":{}}}}}}`

func TestADocumentIsFitForClients(t *testing.T) {
	of := func(method, parameter string, change ...string) string {
		parameters := ""
		if parameter != "" {
			parameters = `"parameters":[{"in":"header","required":true,"name":"` + parameter + `"}],`
		}
		text := strings.NewReplacer("METHOD", method, "PARAMETERS", parameters).Replace(described)
		return strings.NewReplacer(change...).Replace(text)
	}
	for name, c := range map[string]struct{ text, want string }{
		"a read":               {of("get", ""), ""},
		"a POST":               {of("post", "Idempotency-Key"), ""},
		"a PUT":                {of("put", "If-Match"), ""},
		"OpenAPI 3.0":          {of("get", "", "3.1.0", "3.0.3"), "not 3.1"},
		"a POST without a key": {of("post", ""), "Idempotency-Key"},
		"a key that may be":    {of("post", "Idempotency-Key", `"required":true`, `"required":false`), "Idempotency-Key"},
		"a PATCH without":      {of("patch", ""), "If-Match"},
		"a DELETE without":     {of("delete", ""), "If-Match"},
		"no id":                {of("get", "", `"operationId":"doA",`, ""), "no operationId"},
		"no summary":           {of("get", "", `"summary":"Do a",`, ""), "no summary"},
		"nobody may ask":       {of("get", "", `"security":[],`, ""), "security"},
		"no refusal":           {of("get", "", `,"default":{}`, ""), "no refusal"},
		"no success":           {of("get", "", `"200"`, `"404"`), "no success"},
		"bytes (F6)":           {of("get", "", `{"type":"object"}`, `{"type":"string","contentEncoding":"base64"}`), "bytes"},
		"no schema":            {of("get", "", `"schema":{"type":"object"}`, ""), "without a schema"},
		"no document":          {"<html>", "invalid"},
	} {
		found := lint([]byte(c.text))
		if c.want == "" && len(found) > 0 || c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)) {
			t.Errorf("%s: %v, want %q", name, found, c.want)
		}
	}
	two := strings.Replace(of("get", ""), `{"/a":`, `{"/b":{"get":{"operationId":"doA","summary":"x","security":[],"responses":{"204":{},"404":{}}}},"/a":`, 1)
	if found := lint([]byte(two)); len(found) != 1 || !strings.Contains(found[0], "doA") {
		t.Errorf("one id twice: %v", found)
	}
}

func TestTheServicesDocumentsAreFitForClients(t *testing.T) {
	documents, err := filepath.Glob("../../*/openapi.json")
	if err != nil || len(documents) < 4 {
		t.Fatalf("found %v (%v)", documents, err)
	}
	for _, name := range documents {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range lint(text) {
			t.Errorf("%s: %s", name, wrong)
		}
	}
}
