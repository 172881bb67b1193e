package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

const (
	// roleVariable makes this program the catalog.
	roleVariable, catalogRole = "BENCH_CATALOG_ROLE", "catalog"
	// doorRole makes services/gateway/internal/bench the front door as it runs: routing,
	// balancing, validation, metrics, traces, the counts of an open guard.
	doorRole = "BENCH_ROLE=ours"
	listSize = 20
)

// shop is what is measured: a PostgreSQL, the catalog, the front door.
type shop struct {
	database      *pgtest.Server
	catalog, door *exec.Cmd
	// direct and public are where they answer, side where the catalog's profiles are.
	direct, public, side string
	paths                []string
}

// begin starts all of it, with the sample goods.
func begin(ctx context.Context, p plan) (s *shop, err error) {
	s = &shop{}
	defer func() {
		if err != nil {
			s.end()
		}
	}()
	if s.database, err = pgtest.Launch(); err != nil {
		return nil, err
	}
	url, err := s.stock(ctx)
	if err != nil {
		return nil, err
	}
	if err = s.openCatalog(ctx, url); err != nil {
		return nil, err
	}
	if err = s.openDoor(ctx, p); err != nil {
		return nil, err
	}
	s.paths, err = lists(ctx, s.public)
	return s, err
}

// stock makes the catalog's schema, with the sample goods.
func (s *shop) stock(ctx context.Context) (string, error) {
	schema := catalog.Service().Schema
	url, err := s.database.Schema(schema) //nolint:contextcheck // statements on the bench's own server, which end at once
	if err != nil {
		return "", err
	}
	db, err := postgres.Open(postgres.Options{URL: url}, schema)
	if err != nil {
		return "", err
	}
	defer db.Close()
	return url, catalog.Service().Seed(ctx, db)
}

func (s *shop) openCatalog(ctx context.Context, database string) error {
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
	s.catalog = exec.CommandContext(ctx, self, "serve")
	s.catalog.Env = append(os.Environ(), roleVariable+"="+catalogRole, "SHOP=demo", "SHOP_RELEASE=a", "DRAIN_DELAY=0s",
		"PORT="+ports[0], "METRICS_PORT="+ports[1], "DATABASE_URL="+database, "LOG_LEVEL=warn")
	s.catalog.Stderr, s.catalog.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.catalog.Start(); err != nil {
		return fmt.Errorf("starting the catalog: %w", err)
	}
	return await(ctx, s.direct+"/readyz")
}

func (s *shop) openDoor(ctx context.Context, p plan) error {
	pod := strings.TrimPrefix(s.direct, "http://")
	s.door = exec.CommandContext(ctx, p.door, pod)
	s.door.Env = append(os.Environ(), doorRole, "BENCH_PROFILES="+p.profiles, "GOGC=400") // as it collects in a shop
	s.door.Stderr, s.door.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if _, err := s.door.StdinPipe(); err != nil { // it ends when its input does
		return err
	}
	out, err := s.door.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.door.Start(); err != nil {
		return fmt.Errorf("starting the front door: %w", err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		return errors.New("starting the front door: it gave no address")
	}
	s.public = "http://" + lines.Text()
	return await(ctx, s.public+"/api/catalog/products")
}

// end stops what begin started.
func (s *shop) end() {
	for _, process := range []*exec.Cmd{s.door, s.catalog} {
		if process != nil && process.Process != nil {
			_ = process.Process.Signal(os.Interrupt)
			_ = process.Wait()
		}
	}
	if s.database != nil {
		s.database.Stop()
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
func await(ctx context.Context, url string) (err error) {
	for range 600 {
		if _, err = get(ctx, url); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("waiting for %s: %w", url, err)
}

func get(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	return body, err
}

// list is what is looked at of an answer.
type list struct {
	Items []struct {
		SKU   string
		Price struct{ Amount string }
	}
	Next string
}

// lists are the paths that are asked for, in turn: the first page of all products,
// the pages after it, and the first page of each category. Each is a list of 20
// products with their prices.
func lists(ctx context.Context, base string) (paths []string, err error) {
	const all = "/api/catalog/products?limit=20"
	next := all
	for range 10 {
		one, err := read[list](ctx, base+next)
		if err != nil || len(one.Items) != listSize || one.Items[0].Price.Amount == "" {
			return nil, fmt.Errorf("%s: %d products (%w)", next, len(one.Items), err)
		}
		paths, next = append(paths, next), all+"&cursor="+one.Next
	}
	categories, err := read[struct{ Items []struct{ Slug string } }](ctx, base+"/api/catalog/categories")
	for _, c := range categories.Items {
		paths = append(paths, all+"&category="+c.Slug)
	}
	return paths, err
}

func read[T any](ctx context.Context, url string) (value T, err error) {
	body, err := get(ctx, url)
	if err == nil {
		err = json.Unmarshal(body, &value)
	}
	return value, err
}
