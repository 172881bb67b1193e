package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
	"github.com/emporium-shop/emporium/services/tokens"
)

const (
	name, release, secret = "acme", "acme-bench", "whsec_bench"
	// plenty is how many of each product there are, beside the sample stock.
	plenty = 1_000_000
)

// shop is what is measured.
type shop struct {
	server *pgserver.Server
	admin  *pgx.Conn
	folder string
	// running are the processes by name, at and side where each serves.
	running  map[string]*exec.Cmd
	at, side map[string]string
	skus     []string
}

func begin(ctx context.Context, p plan) (s *shop, err error) {
	s = &shop{running: map[string]*exec.Cmd{}, at: map[string]string{}, side: map[string]string{}}
	defer func() {
		if err != nil {
			s.end(context.WithoutCancel(ctx))
		}
	}()
	fsync := map[bool]string{true: "fsync=on", false: "fsync=off"}[p.fsync]
	s.server, err = pgserver.Start(fsync, "synchronous_commit=on", "full_page_writes=on", "max_connections=200", "shared_buffers=256MB",
		"shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=top")
	if err != nil {
		return nil, err
	}
	if err = s.server.Exec("postgres", "CREATE DATABASE "+name); err != nil { //nolint:contextcheck // statements on the bench's own server, which end at once
		return nil, err
	}
	if s.folder, err = os.MkdirTemp("", "bench-orders-"); err != nil {
		return nil, err
	}
	bus, err := s.nats(ctx)
	if err != nil {
		return nil, err
	}
	if err = s.start(ctx, bus); err != nil {
		return nil, err
	}
	return s, s.stock(ctx)
}

// nats starts NATS, and returns its address, which it prints.
func (s *shop) nats(ctx context.Context) (string, error) {
	cmd, err := s.process(ctx, natsRole, natsFolder+"="+s.folder)
	if err != nil {
		return "", err
	}
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", fmt.Errorf("starting NATS: %w", err)
	}
	s.running[natsRole] = cmd
	line, err := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(line), err
}

// process is this program in a role; it ends with the program.
func (s *shop) process(ctx context.Context, role string, environment ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(append(os.Environ(), roleVariable+"="+role), environment...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stderr, os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd, nil
}

// start prepares the data of each service, starts all of them, and waits until they are ready.
func (s *shop) start(ctx context.Context, bus string) error {
	keys, common := map[string]tokens.Key{}, []string{}
	for _, one := range services() {
		keys[one.Name] = tokens.New("service/" + one.Name + "/1")
		for _, at := range []map[string]string{s.at, s.side} {
			port, err := freePort()
			if err != nil {
				return err
			}
			at[one.Name] = "http://127.0.0.1:" + port
		}
		common = append(common, app.URLVariable(one.Name)+"="+s.at[one.Name])
	}
	common = append(common, "SHOP="+name, "SHOP_RELEASE="+release, "DRAIN_DELAY=0s", "LOG_LEVEL=warn", "EVENTS_URL="+bus, "PSP_WEBHOOK_SECRET="+secret,
		"PAYMENTS_WEBHOOK_URL="+s.at["payments"]+"/api/payments/webhooks", "SHOP_JWKS="+string(tokens.JWKS(slices.Collect(maps.Values(keys))...)))
	for _, one := range services() {
		if err := s.serve(ctx, one, append(slices.Clone(common), "SHOP_SERVICE_KEY="+string(keys[one.Name].Private()))); err != nil {
			return fmt.Errorf("starting %s: %w", one.Name, err)
		}
	}
	for _, one := range services() {
		if err := await(ctx, s.at[one.Name]+"/readyz"); err != nil {
			return err
		}
	}
	return nil
}

func (s *shop) serve(ctx context.Context, one app.Service, environment []string) error {
	if one.Schema.Name != "" {
		url, err := s.prepare(ctx, one)
		if err != nil {
			return err
		}
		environment = append(environment, "DATABASE_URL="+url)
	}
	cmd, err := s.process(ctx, one.Name, append(environment, "PORT="+portOf(s.at[one.Name]), "METRICS_PORT="+portOf(s.side[one.Name]))...)
	if err == nil {
		err = cmd.Start()
	}
	s.running[one.Name] = cmd
	return err
}

func portOf(url string) string { return url[strings.LastIndexByte(url, ':')+1:] }

// prepare makes a service's schema with its own role, migrated, with the sample data.
func (s *shop) prepare(ctx context.Context, one app.Service) (string, error) {
	schema := one.Schema.Name
	if err := s.server.Exec("postgres", "CREATE ROLE "+schema+" LOGIN"); err != nil { //nolint:contextcheck // statements on the bench's own server, which end at once
		return "", err
	}
	if err := errors.Join(s.server.Allow(name, schema), s.server.Own(name, schema)); err != nil { //nolint:contextcheck // as above
		return "", err
	}
	url := s.server.URL(name, schema)
	db, err := postgres.Open(postgres.Options{URL: url, Service: one.Name, Release: release}, one.Schema)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil || one.Seed == nil {
		return url, err
	}
	return url, one.Seed(ctx, db)
}

// stock brings in plenty of each product, as a migration of data would.
func (s *shop) stock(ctx context.Context) (err error) {
	if s.admin, err = pgx.Connect(ctx, s.server.URL(name, pgserver.Superuser)); err != nil {
		return err
	}
	rows, err := s.admin.Query(ctx, `WITH s AS (UPDATE inventory.stock SET on_hand = on_hand + $1 WHERE piece IS NULL RETURNING sku)
		INSERT INTO inventory.movements (id, sku, quantity, reason) SELECT gen_random_uuid(), sku, $1, 'received' FROM s RETURNING sku`, plenty)
	if err != nil {
		return err
	}
	if s.skus, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return err
	}
	_, err = s.admin.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`)
	return err
}

// end stops what begin started.
func (s *shop) end(ctx context.Context) {
	for _, cmd := range s.running {
		if cmd.Process != nil {
			_ = cmd.Process.Signal(os.Interrupt)
		}
	}
	for _, cmd := range s.running {
		if cmd.Process != nil {
			_ = cmd.Wait()
		}
	}
	if s.admin != nil {
		_ = s.admin.Close(ctx)
	}
	if s.server != nil {
		s.server.Stop()
	}
	_ = os.RemoveAll(s.folder)
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port, listener.Close()
}

// await waits for a 200.
func await(ctx context.Context, url string) error {
	for range 1200 {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("waiting for %s", url)
}
