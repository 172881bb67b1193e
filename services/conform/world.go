package conform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/services/conform/internal/scratch"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
)

// Target is a service to be checked, and how.
type Target struct {
	Mode     Mode
	Settings *Settings
	// URL and Metrics are the addresses of a service that runs: remote.
	URL, Metrics string
	// Staff is the Authorization of a member of staff who may read what staff reads: remote. Without it lists that are
	// staff's are not looked at in a service that runs.
	Staff string
	// Command starts the service: local.
	Command []string
	// Postgres is the superuser's address of a PostgreSQL to use. Unset: one is started.
	Postgres string
	// Long also runs the rules that take a minute and more.
	Long bool
	// Quick leaves out the rules that wait for time to pass, and tries fewer paths for M-03: for a check
	// that a release waits for.
	Quick bool
	// Only are the ids or letters of rules to run: "E-07", "D". Unset: all.
	Only []string
	// Times are what checks wait for. Unset: the contract's.
	Times Times
	// Paths and Connections are how many the rules M-03 and B-03 use. Unset: 1000, or 100 where the run is
	// quick, and 200.
	Paths, Connections int
}

const (
	shopName = "conform"
	release  = "conform-1a2b3c4d"
	newer    = "conform-5e6f7a8b"
)

// world is all that a run has.
type world struct {
	Target
	doc    *document
	docErr error
	client *http.Client
	auth   *issuer
	proc   *process
	log    *lines
	server *pgserver.Server
	db     *scratch.Database
	ups    map[string]*upstream
	thing  *thing
	drain  *drain
	waits  map[string]*wait
	pulse  *pulse

	mu   sync.Mutex
	seen []*Answer
}

func newWorld(t Target) (*world, error) {
	if t.Times == (Times{}) {
		t.Times = contractTimes
	}
	if t.Paths == 0 {
		t.Paths = 1000
		if t.Quick {
			t.Paths = 100
		}
	}
	if t.Connections == 0 {
		t.Connections = 200
	}
	w := &world{Target: t, log: &lines{}, ups: map[string]*upstream{}, client: newClient(), pulse: feelPulse()}
	if t.Settings.folder != "" && t.Settings.OpenAPI != "none" {
		if err := w.readOwn(); err != nil {
			w.pulse.end()
			return nil, err
		}
	}
	return w, nil
}

// readOwn reads the description beside conform.json.
func (w *world) readOwn() error {
	raw, err := os.ReadFile(filepath.Join(w.Settings.folder, or(w.Settings.OpenAPI, "openapi.json")))
	if err != nil {
		return fmt.Errorf("reading the service's description: %w", err)
	}
	w.doc, err = readDocument(raw)
	return err
}

func newClient() *http.Client {
	return &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableCompression: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: 2 * time.Second,
			DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		},
	}
}

// open gets ready what the mode needs.
func (w *world) open(ctx context.Context) error {
	switch w.Mode {
	case Remote:
		return w.discover(ctx)
	case Local:
		return w.start(ctx)
	}
	return nil
}

func (w *world) start(ctx context.Context) error {
	names := []string{w.Settings.Service, stranger}
	if w.doc != nil {
		names = append(names, w.doc.callers()...)
	}
	slices.Sort(names)
	w.auth = newIssuer(shopName, slices.Compact(names)...)
	for variable, path := range w.Settings.Upstreams {
		doc, err := w.provider(path)
		if err != nil {
			return fmt.Errorf("reading the description behind %s: %w", variable, err)
		}
		if w.ups[variable], err = play(variable, doc); err != nil {
			return err
		}
	}
	if err := w.database(ctx); err != nil {
		return err
	}
	return w.launch(ctx, release)
}

// provider reads an upstream's description: beside conform.json, or beside its folder.
func (w *world) provider(path string) (*document, error) {
	raw, err := os.ReadFile(filepath.Join(w.Settings.folder, path))
	if err != nil {
		raw, err = os.ReadFile(filepath.Join(w.Settings.folder, "..", path))
	}
	if err != nil {
		return nil, err
	}
	return readDocument(raw)
}

// database makes the service's database, and prepares it as a shop's Job would.
func (w *world) database(ctx context.Context) error {
	if w.Settings.Schema == "" {
		return nil
	}
	address := w.Postgres
	if address == "" {
		var err error
		if w.server, err = pgserver.Start(); err != nil {
			return fmt.Errorf("starting a PostgreSQL, as none was named with -postgres: %w", err)
		}
		address = w.serverURL()
	}
	var err error
	if w.db, err = scratch.New(ctx, address, w.Settings.Schema); err != nil {
		return err
	}
	for _, args := range [][]string{w.Settings.Migrate, w.Settings.Seed} {
		if err := w.once(args, w.env(release)); err != nil {
			return err
		}
	}
	return nil
}

// once runs the command with arguments until it ends.
func (w *world) once(args []string, env map[string]string) error {
	if args == nil {
		return nil
	}
	command := slices.Clone(w.Command)
	if n := len(command) - 1; n > 0 && command[n] == "serve" {
		command = command[:n] // migrate stands in its place
	}
	p, err := spawn(append(command, args...), "", env, w.log)
	if err != nil {
		return err
	}
	if !p.over(startLimit) {
		p.kill()
		return fmt.Errorf("%s did not end within %s:\n%s", strings.Join(args, " "), startLimit, w.log.tail(8))
	}
	if p.code != 0 {
		return fmt.Errorf("%s ended with code %d:\n%s", strings.Join(args, " "), p.code, w.log.tail(8))
	}
	return nil
}

// env is what the operator would tell the service, and the shop's auth.
func (w *world) env(release string) map[string]string {
	env := map[string]string{
		"SHOP": shopName, "SHOP_RELEASE": release, "SHOP_SERVICE": w.Settings.Service, "SHOP_VERSION": "1",
		"PORT": freePort(), "METRICS_PORT": freePort(),
		"DRAIN_DELAY": w.Times.Drain.String(), "DRAIN_LIMIT": "10s",
		"SHOP_JWKS": w.auth.jwks(), "SHOP_SERVICE_KEY": w.auth.privateKey(w.Settings.Service),
	}
	for variable, u := range w.ups {
		env[variable] = u.url
	}
	if w.db != nil {
		env["DATABASE_URL"] = w.db.URL
	}
	maps.Copy(env, w.Settings.Env)
	return env
}

// launch starts the service and waits until it is ready.
func (w *world) launch(ctx context.Context, release string) error {
	p, err := w.spawn(release)
	if err != nil {
		return err
	}
	w.proc, w.URL, w.Metrics = p, p.url, p.metrics
	return p.ready(ctx, w.client)
}

// spawn starts a process of the service beside the one that may run.
func (w *world) spawn(release string) (*process, error) { return w.spawnWith(w.env(release)) }

func (w *world) spawnWith(env map[string]string) (*process, error) {
	p, err := spawn(w.Command, "", env, w.log)
	if err != nil {
		return nil, err
	}
	p.url, p.metrics = "http://127.0.0.1:"+env["PORT"], "http://127.0.0.1:"+env["METRICS_PORT"]
	return p, nil
}

// running makes sure that the service runs: the rule before may have ended it.
func (w *world) running(ctx context.Context) error {
	if w.Mode != Local || (w.proc != nil && w.proc.running()) {
		return nil
	}
	return w.launch(ctx, release)
}

// close ends all that open began.
func (w *world) close(ctx context.Context) {
	w.pulse.end()
	if w.proc != nil && w.proc.running() {
		w.proc.signal(syscall.SIGTERM)
		if !w.proc.over(w.Times.Drain + time.Second) {
			w.proc.kill()
		}
	}
	for _, u := range w.ups {
		u.stop()
	}
	if w.db != nil {
		w.db.Drop(ctx)
	}
	if w.server != nil {
		w.server.Stop()
	}
	w.client.CloseIdleConnections()
}

func (w *world) saw(a *Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, a)
}

func (w *world) all() []*Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

var errNoDocument = errors.New("the service has no openapi.json")
