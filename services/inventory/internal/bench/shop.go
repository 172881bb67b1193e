package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
	"github.com/emporium-shop/emporium/services/inventory"
	"github.com/emporium-shop/emporium/services/tokens"
)

const (
	// roleVariable makes this program the service.
	roleVariable, inventoryRole = "BENCH_HOLDS_ROLE", "inventory"
	database, hot               = "shop", "HOT-1"
)

// shop is what is measured: a PostgreSQL and inventory.
type shop struct {
	server    *pgserver.Server
	db        *postgres.DB
	inventory *exec.Cmd
	// direct is where it answers, side where its profiles are; token is checkout's.
	direct, side, token string
}

func begin(ctx context.Context, p plan) (s *shop, err error) {
	s = &shop{}
	defer func() {
		if err != nil {
			s.end()
		}
	}()
	fsync := map[bool]string{true: "fsync=on", false: "fsync=off"}[p.fsync]
	if s.server, err = pgserver.Start(fsync, "synchronous_commit=on", "full_page_writes=on", "max_connections=100", "shared_buffers=128MB"); err != nil {
		return nil, err
	}
	url := s.server.URL(database, "inventory")
	if err = s.migrate(ctx, url); err != nil {
		return nil, err
	}
	key := tokens.New("service/checkout/1")
	if s.token, err = key.Sign(jwt.MapClaims{"aud": "demo", "iss": "service/checkout", "sub": "checkout", "kind": "service", "exp": time.Now().Add(time.Hour).Unix()}); err != nil {
		return nil, err
	}
	return s, s.open(ctx, url, string(tokens.JWKS(key)))
}

func (s *shop) migrate(ctx context.Context, url string) (err error) {
	err = s.server.Exec("postgres", "CREATE DATABASE "+database, "CREATE ROLE inventory LOGIN") //nolint:contextcheck // statements on the bench's own server, which end at once
	if err == nil {
		err = s.server.Own(database, "inventory") //nolint:contextcheck // as above
	}
	if err != nil {
		return err
	}
	if s.db, err = postgres.Open(postgres.Options{URL: url}, inventory.Service().Schema); err != nil {
		return err
	}
	return s.db.Migrate(ctx)
}

func (s *shop) open(ctx context.Context, url, keys string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var ports [2]string
	for n := range ports {
		if ports[n], err = freePort(); err != nil {
			return err
		}
	}
	s.direct, s.side = "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	s.inventory = exec.CommandContext(ctx, self, "serve")
	s.inventory.Env = append(os.Environ(), roleVariable+"="+inventoryRole, "SHOP=demo", "SHOP_RELEASE=a", "DRAIN_DELAY=0s", "SHOP_JWKS="+keys,
		"PORT="+ports[0], "METRICS_PORT="+ports[1], "DATABASE_URL="+url, "LOG_LEVEL=warn")
	s.inventory.Stderr, s.inventory.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.inventory.Start(); err != nil {
		return fmt.Errorf("starting inventory: %w", err)
	}
	return await(ctx, s.direct+"/readyz")
}

// end stops what begin started.
func (s *shop) end() {
	if s.inventory != nil && s.inventory.Process != nil {
		_ = s.inventory.Process.Signal(os.Interrupt)
		_ = s.inventory.Wait()
	}
	if s.db != nil {
		s.db.Close()
	}
	if s.server != nil {
		s.server.Stop()
	}
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
	for range 600 {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("waiting for %s", url)
}
