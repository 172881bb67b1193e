package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
)

// Options say where a process runs.
type Options struct {
	// Environment is what it is told.
	Environment map[string]string
	// Host is where it listens, at PORT and METRICS_PORT; empty is every address.
	Host string
	// Log takes the log; nil is the standard error.
	Log io.Writer
	// Work says that it runs its workers and serves nothing but probes. Inline
	// says that it serves and runs them, for tests and laptops.
	Work, Inline bool
}

// Process is a service that runs.
type Process struct {
	service Service
	options Options
	kit     *Kit
	parts   Parts
	metrics *telemetry.Metrics
	server  *httpapi.Server

	main, side  net.Listener
	front, back *http.Server
	failed      chan error

	// background ends with the process, work when the requests have.
	background, work       context.Context
	endBackground, endWork context.CancelFunc
	watchers, workers      sync.WaitGroup
	group                  *group
	warm                   atomic.Pointer[error]
	stopping               sync.Once
	stopErr                error
}

var errCold = errors.New("starting: not warm yet")

// Start starts a service and returns when it listens. Stop ends it; until then
// Failed tells whether it ended by itself. The context is that of its start alone.
func Start(ctx context.Context, service Service, o Options) (*Process, error) {
	p := &Process{service: service, options: o, failed: make(chan error, 2), group: &group{}}
	p.warm.Store(&errCold)
	base := context.WithValue(context.WithoutCancel(ctx), groupKey{}, p.group)
	p.background, p.endBackground = context.WithCancel(base)
	p.work, p.endWork = context.WithCancel(base)
	defer context.AfterFunc(ctx, p.endBackground)() // who is told to end while it starts does not start
	err := p.assemble(ctx)
	if err == nil {
		err = p.listen(ctx)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	p.run()
	return p, nil
}

// assemble makes what the process is of, and asks nobody.
func (p *Process) assemble(ctx context.Context) error {
	cfg, err := p.service.read(p.options.Environment)
	if err == nil {
		err = p.service.serving(&cfg)
	}
	if err == nil && p.works() {
		err = p.service.working(cfg)
	}
	if err != nil {
		return err
	}
	if p.metrics == nil {
		p.metrics = telemetry.NewMetrics(cfg.ImageVersion)
	}
	if p.kit, err = newKit(p.service, cfg, p.options.Log, p.metrics); err != nil {
		return err
	}
	// Whatever the process does, it logs as this service, though another may be slog's default here.
	p.background, p.work = telemetry.WithLog(p.background, p.kit.Log), telemetry.WithLog(p.work, p.kit.Log)
	keys, err := access.KeysFrom(telemetry.WithLog(ctx, p.kit.Log), cfg.Get)
	if err != nil {
		return err
	}
	p.watch(func(ctx context.Context) { _ = keys.Watch(ctx) }) // ends with its context
	if p.parts, err = p.service.New(p.background, p.kit); err != nil {
		return fmt.Errorf("wiring the service: %w", err)
	}
	return p.serve(access.NewVerifier(keys, cfg.Shop, p.kit.Now))
}

func (p *Process) serve(verifier *access.Verifier) error {
	contract, err := p.service.contract(p.kit.Config)
	if err != nil {
		return err
	}
	api := p.parts.API
	if api == nil || p.options.Work {
		api = p.kit.NewAPI() // probes and nothing else
	}
	limits := p.service.Limits
	if n := p.kit.Config.InFlight; n > 0 {
		limits.InFlight = n
	}
	p.server, err = httpapi.NewServer(api, httpapi.Options{
		Identity: p.kit.Config.identity(), Contract: contract, Limits: limits, Log: p.kit.Log,
		Metrics: p.metrics, Verifier: verifier, Started: p.started, Checks: append(p.databaseChecks(), p.parts.Checks...),
	})
	return err
}

func (p *Process) databaseChecks() []httpapi.Check {
	if p.kit.DB == nil {
		return nil
	}
	return []httpapi.Check{{Name: "database", Run: func(context.Context) error { return p.kit.DB.Seen().Ready(p.kit.Now()) }}}
}

// newKit makes what a service is made of. The pool connects when it is used.
func newKit(service Service, cfg Config, out io.Writer, metrics *telemetry.Metrics) (*Kit, error) {
	level, err := telemetry.ParseLevel(cfg.LogLevel)
	if err != nil {
		return nil, fmt.Errorf("reading LOG_LEVEL: %w", err)
	}
	if out == nil {
		out = os.Stderr
	}
	k := &Kit{Config: cfg, Log: telemetry.NewLog(out, level, cfg.Service, cfg.Release), Metrics: metrics, Now: time.Now, service: service}
	if cfg.ServiceKey != "" {
		minter, err := access.NewMinter([]byte(cfg.ServiceKey), cfg.Shop, service.Name, k.Now) // its worker, too, is the service
		if err != nil {
			return nil, fmt.Errorf("reading SHOP_SERVICE_KEY: it %w", err)
		}
		k.token = minter.Token
	}
	k.bus = sync.OnceValues(func() (events.Bus, error) { return events.Connect(cfg.EventsURL) })
	if service.hasEvents() {
		if err := events.Register(metrics); err != nil {
			return nil, fmt.Errorf("registering the counters of events: %w", err)
		}
	}
	if service.Schema.Name == "" {
		return k, nil
	}
	k.DB, err = postgres.Open(postgres.Options{URL: cfg.DatabaseURL, Service: cfg.Service, Release: cfg.Release, MaxConns: cfg.PoolMax}, service.Schema)
	if err == nil {
		metrics.MustRegister(telemetry.Pool(cfg.Service, func() *pgxpool.Stat { return k.DB.Stat() }))
	}
	return k, err
}

func (p *Process) listen(ctx context.Context) (err error) {
	var lc net.ListenConfig
	cfg := p.kit.Config
	if p.main, err = lc.Listen(ctx, "tcp", fmt.Sprintf("%s:%d", p.options.Host, cfg.Port)); err != nil {
		return fmt.Errorf("listening on the service port: %w", err)
	}
	if p.side, err = lc.Listen(ctx, "tcp", fmt.Sprintf("%s:%d", p.options.Host, cfg.MetricsPort)); err != nil {
		return errors.Join(fmt.Errorf("listening on the metrics port: %w", err), p.main.Close())
	}
	p.front = p.server.HTTP(p.background)
	p.back = &http.Server{Handler: p.metrics.Side(), ReadHeaderTimeout: 5 * time.Second}
	return nil
}

func (p *Process) run() {
	p.kit.Log.Info("serving", "address", p.main.Addr().String(), "side", p.side.Addr().String(), "version", p.kit.Config.ImageVersion)
	for server, at := range map[*http.Server]net.Listener{p.front: p.main, p.back: p.side} {
		p.watch(func(context.Context) {
			if err := server.Serve(at); !errors.Is(err, http.ErrServerClosed) {
				p.failed <- fmt.Errorf("serving: %w", err)
			}
		})
	}
	if p.kit.DB != nil {
		p.watch(p.kit.DB.Watch)
	}
	p.watch(p.warmUp)
	for _, w := range p.parts.Workers {
		if p.works() || w.Beside {
			w.lock = p.kit.Config.Service + "/" + w.Name
			p.workers.Go(func() { w.keep(p.work, p.kit.Log, p.connector()) })
		}
	}
}

// works tells whether the process runs its workers.
func (p *Process) works() bool { return p.options.Work || p.options.Inline }

func (p *Process) connector() connector {
	if p.kit.DB == nil {
		return nil
	}
	return p.kit.DB.Connect
}

// watch runs what lives as long as the process.
func (p *Process) watch(f func(context.Context)) {
	p.watchers.Go(func() { f(p.background) })
}

// URL is where the service listens, for tests and laptops.
func (p *Process) URL() string { return "http://" + local(p.main.Addr()) }

// SideURL is where /metrics and /debug/pprof are.
func (p *Process) SideURL() string { return "http://" + local(p.side.Addr()) }

// local is an address that can be dialled: a listener on all addresses tells [::].
func local(a net.Addr) string {
	host, port, _ := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// Handler is what the service port serves.
func (p *Process) Handler() http.Handler { return p.server }

// API is the service's routes.
func (p *Process) API() *httpapi.API { return p.parts.API }

// Kit is what the service was made of.
func (p *Process) Kit() *Kit { return p.kit }

// Log is the service's own.
func (p *Process) Log() *slog.Logger { return p.kit.Log }

// Failed gets an error when the process cannot serve any more.
func (p *Process) Failed() <-chan error { return p.failed }
