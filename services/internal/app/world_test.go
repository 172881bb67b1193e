package app

import (
	"context"
	"embed"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

//go:embed testdata/migrations
var migrations embed.FS

// TestMain is also the binary of a service, for the tests of its signals.
func TestMain(m *testing.M) {
	if os.Getenv("BE_A_SERVICE") != "" {
		Main((&play{}).service())
		return
	}
	pgtest.Main(m)
}

// play is a service whose parts the test directs.
type play struct {
	// entered says that /slow is being served; leave lets it end.
	entered, leave chan struct{}
	warm           func(context.Context) error
	workers        []Worker
	needs          []string
	schema         bool
	seeded         int
	events         record
}

type record struct {
	mu   sync.Mutex
	list []string
}

func (e *record) add(s string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, s)
}

func (e *record) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.list, " ")
}

type empty struct{}

type answer struct {
	Body struct {
		N int `json:"n"`
	}
}

func (p *play) service() Service {
	s := Service{Name: "play", About: "A test.", Provides: []string{"play/v1"}, Needs: p.needs, New: p.make}
	if p.schema {
		files, _ := fs.Sub(migrations, "testdata/migrations") // embedded
		s.Schema = postgres.Schema{Name: "play", Files: files, Floor: 1}
		s.Seed = func(ctx context.Context, db *postgres.DB) error {
			p.seeded++
			_, err := db.Exec(ctx, `INSERT INTO play.things VALUES (7) ON CONFLICT DO NOTHING`)
			return err
		}
	}
	return s
}

func (p *play) make(_ context.Context, k *Kit) (Parts, error) {
	a := k.NewAPI()
	httpapi.Get(a, "/slow", access.Public, func(ctx context.Context, _ *empty) (*answer, error) {
		if p.entered != nil {
			close(p.entered)
			<-p.leave
		}
		p.events.add("answered")
		return &answer{}, nil
	}, httpapi.ID("slow"), httpapi.With(httpapi.Limits{Deadline: time.Minute}))
	httpapi.Get(a, "/things", access.Public, func(ctx context.Context, _ *empty) (out *answer, err error) {
		out = &answer{}
		if k.DB != nil {
			err = k.DB.QueryRow(ctx, `SELECT count(*)::int FROM play.things`).Scan(&out.Body.N)
		}
		return out, err
	}, httpapi.ID("countThings"))
	return Parts{API: a, Warm: p.warm, Workers: p.workers}, nil
}

// stack is the least that a process is told.
func stack(more ...string) map[string]string {
	all := map[string]string{"SHOP": "acme", "SHOP_RELEASE": "acme-1", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s", "DRAIN_LIMIT": "5s"}
	for n := 0; n < len(more); n += 2 {
		all[more[n]] = more[n+1]
	}
	return all
}

func (p *play) start(t *testing.T, o Options, environment ...string) *Process {
	t.Helper()
	o.Host, o.Log = "127.0.0.1", io.Discard
	if o.Environment == nil {
		o.Environment = stack()
	}
	for n := 0; n < len(environment); n += 2 {
		o.Environment = maps.Clone(o.Environment)
		o.Environment[environment[n]] = environment[n+1]
	}
	process, err := Start(t.Context(), p.service(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Stop(context.Background()) })
	return process
}

// status asks for a path; 0 is no answer.
func status(url string) int {
	code, _, _ := get(url)
	return code
}

func get(url string) (code int, body string, header http.Header) {
	res, err := http.Get(url) //nolint:noctx,gosec // a test's own server
	if err != nil {
		return 0, err.Error(), nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if res.Close {
		res.Header.Set("X-Closed", "true")
	}
	return res.StatusCode, string(text), res.Header
}

// until waits for what others bring about, two minutes at most: the machine may do a lot else.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}
