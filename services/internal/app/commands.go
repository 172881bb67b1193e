package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/memlimit"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
)

// Main runs a service's binary, and exits: 0 when all went well, 1 when it
// failed, 2 when it was told what it does not understand.
func Main(service Service) {
	memlimit.Set()
	ctx, stop := signals(context.Background())
	code := command{service, environment(), os.Stdout, os.Stderr}.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// signals ends the context with the first SIGTERM or Ctrl-C, and the process with
// the second: who sends it twice does not want to wait for a drain.
func signals(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	sent := make(chan os.Signal, 2)
	signal.Notify(sent, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-sent
		cancel()
		<-sent
		os.Exit(1)
	}()
	return ctx, func() { signal.Stop(sent); cancel() }
}

// command is one run of a binary.
type command struct {
	service     Service
	environment map[string]string
	out, log    io.Writer
}

var errUsage = errors.New("is no command of this program")

func (c command) run(ctx context.Context, args []string) int {
	name := "serve"
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	err := c.do(ctx, name, args)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprintf(c.log, "%s %v: %s\n", name, errUsage, strings.Join(c.names(), ", "))
		return 2
	case err != nil:
		slog.Error("ending", "command", name, "error", err)
		return 1
	}
	return 0
}

func (c command) names() []string {
	return append([]string{"serve", "work", "migrate", "seed", "openapi", "version"}, slices.Sorted(maps.Keys(c.service.Commands))...)
}

func (c command) do(ctx context.Context, name string, args []string) error {
	// Until more is known: as what is read of the environment says in any case.
	c.setLog(Config{Service: cmp.Or(c.environment["SHOP_SERVICE"], c.service.Name), Release: c.environment["SHOP_RELEASE"], LogLevel: c.environment["LOG_LEVEL"]})
	if own := c.service.Commands[name]; own != nil {
		return own(ctx, func(name string) string { return c.environment[name] }, args)
	}
	if len(args) > 0 {
		return errUsage
	}
	switch name {
	case "serve":
		return c.serve(ctx, Options{Environment: c.environment, Log: c.log})
	case "work":
		return c.serve(ctx, Options{Environment: c.environment, Log: c.log, Work: true})
	case "migrate":
		return c.withData(ctx, c.migrate)
	case "seed":
		return c.withData(ctx, c.service.seed)
	case "openapi":
		text, err := Description(c.service)
		_, _ = c.out.Write(text)
		return err
	case "version":
		c.version()
		return nil
	}
	return errUsage
}

func (c command) serve(ctx context.Context, o Options) error {
	p, err := Start(ctx, c.service, o)
	if err != nil {
		return err
	}
	slog.SetDefault(p.Log())
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-p.Failed():
	}
	err = errors.Join(failure, p.Stop(context.WithoutCancel(ctx)))
	if err == nil {
		p.Log().Info("ended")
	}
	return err
}

// withData runs a command that needs the database and nothing else.
func (c command) withData(ctx context.Context, do func(context.Context, Config, *postgres.DB) error) error {
	if c.service.Schema.Name == "" {
		return errors.New("this service owns no data")
	}
	cfg, err := c.service.read(c.environment)
	if err != nil {
		return err
	}
	c.setLog(cfg)
	db, err := postgres.Open(postgres.Options{URL: cfg.DatabaseURL, Service: cfg.Service, Release: cfg.Release, MaxConns: cfg.PoolMax}, c.service.Schema)
	if err != nil {
		return err
	}
	defer db.Close()
	return do(ctx, cfg, db)
}

// migrate brings the schema to what this release needs. It runs as a Job, before
// the pods of the release start.
func (c command) migrate(ctx context.Context, cfg Config, db *postgres.DB) error {
	if err := db.MigrateWhenThere(ctx); err != nil || cfg.Seed != "sample" || c.service.Seed == nil {
		return err
	}
	return c.service.seed(ctx, cfg, db)
}

func (s Service) seed(ctx context.Context, _ Config, db *postgres.DB) error {
	if s.Seed == nil {
		return errors.New("this service has no sample data")
	}
	slog.InfoContext(ctx, "writing sample data")
	if err := s.Seed(ctx, db); err != nil {
		return fmt.Errorf("writing sample data: %w", err)
	}
	return nil
}

func (c command) setLog(cfg Config) {
	level, err := telemetry.ParseLevel(cfg.LogLevel)
	slog.SetDefault(telemetry.NewLog(c.log, level, cfg.Service, cfg.Release))
	if err != nil {
		slog.Warn("reading LOG_LEVEL", "error", err)
	}
}

// version tells what this binary was built from.
func (c command) version() {
	fmt.Fprintf(c.out, "%s %s\n", c.service.Name, imageVersion(c.environment["IMAGE_VERSION"], c.environment["SHOP_VERSION"]))
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if strings.HasPrefix(s.Key, "vcs.") {
				fmt.Fprintf(c.out, "%s %s\n", s.Key, s.Value)
			}
		}
		fmt.Fprintln(c.out, info.GoVersion)
	}
}

// Description is a service's OpenAPI document. It needs neither a database nor
// another service.
func Description(service Service) ([]byte, error) {
	api, err := routes(service)
	if err != nil {
		return nil, err
	}
	if api == nil {
		return nil, fmt.Errorf("%s has no API", service.Name)
	}
	return api.Description()
}

// routes wires a service that is never started.
func routes(service Service) (*httpapi.API, error) {
	cfg := Config{Service: service.Name, Shop: "none", Release: "none", DatabaseURL: "postgres://none/none", URLs: map[string]string{}, Get: func(string) string { return "" }}
	for _, name := range service.needs() {
		cfg.URLs[name] = "http://" + name
	}
	k, err := newKit(service, cfg, io.Discard, telemetry.NewMetrics("none"))
	if err != nil {
		return nil, err
	}
	if k.DB != nil {
		defer k.DB.Close()
	}
	parts, err := service.New(context.Background(), k)
	return parts.API, err
}
