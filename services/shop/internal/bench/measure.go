package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/measure"
)

// reading is one measurement.
type reading struct {
	Load   string  `json:"load"`
	Placed int     `json:"placed"`
	Failed int     `json:"failed"`
	Rate   float64 `json:"ordersPerSecond"`
	P50    float64 `json:"p50Millis"`
	P95    float64 `json:"p95Millis"`
	P99    float64 `json:"p99Millis"`
	// Quiet is after how many seconds all was captured, sold and told.
	Quiet float64 `json:"quietSeconds"`
	// Of an order: CPU milliseconds by process, transactions and statements of PostgreSQL.
	CPU          map[string]float64 `json:"cpuMillis"`
	Transactions float64            `json:"transactions"`
	Statements   float64            `json:"statements"`
}

// measure lets customers come, waits until what they ordered is done with, and tells what it cost.
func (s *shop) measure(ctx context.Context, p plan, l load) (reading, error) {
	if warm, _ := s.come(ctx, load{clients: 4}, 3*time.Second); warm.failed > 0 { // connections, plans, pages
		return reading{}, fmt.Errorf("%d orders failed before anything was measured", warm.failed)
	}
	if _, err := s.quiet(ctx); err != nil {
		return reading{}, err
	}
	before, err := s.look(ctx)
	if err != nil {
		return reading{}, err
	}
	profiles := s.profiled(ctx, p)
	t, took := s.come(ctx, l, p.time)
	profiles()
	quiet, err := s.quiet(ctx)
	if err != nil {
		return reading{}, err
	}
	after, err := s.look(ctx)
	if err != nil {
		return reading{}, err
	}
	r := t.reading(took)
	r.Load, r.Quiet, r.CPU = l.String(), quiet.Seconds(), map[string]float64{}
	n := float64(max(r.Placed, 1))
	for name := range after.cpu {
		r.CPU[name] = (after.cpu[name] - before.cpu[name]).Seconds() * 1000 / n
	}
	r.Transactions, r.Statements = float64(after.transactions-before.transactions)/n, float64(after.statements-before.statements)/n
	if after.orders-before.orders < r.Placed {
		return r, fmt.Errorf("%d orders were promised, %d are there", r.Placed, after.orders-before.orders)
	}
	return r, s.list(ctx, p, n)
}

func (t *tally) reading(took time.Duration) reading {
	slices.Sort(t.took)
	at := func(share float64) float64 {
		if len(t.took) == 0 {
			return 0
		}
		return float64(t.took[int(share*float64(len(t.took)-1))].Microseconds()) / 1000
	}
	return reading{Placed: len(t.took), Failed: t.failed, Rate: float64(len(t.took)) / took.Seconds(), P50: at(0.5), P95: at(0.95), P99: at(0.99)}
}

// seen is what was used so far.
type seen struct {
	cpu                      map[string]time.Duration
	transactions, statements int64
	orders                   int
}

func (s *shop) look(ctx context.Context) (out seen, err error) {
	pids := map[string]int{"PostgreSQL": s.server.PID(), "generator": os.Getpid()}
	for name, cmd := range s.running {
		pids[name] = cmd.Process.Pid
	}
	out.cpu = map[string]time.Duration{}
	for name, pid := range pids {
		if out.cpu[name], err = measure.CPU(pid); err != nil {
			return out, fmt.Errorf("reading the CPU time of %s: %w", name, err)
		}
	}
	out.cpu["generator"] = own(out.cpu)
	err = s.admin.QueryRow(ctx, `SELECT (SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()),
		(SELECT sum(calls)::bigint FROM pg_stat_statements), (SELECT count(*) FROM orders.orders)`).Scan(&out.transactions, &out.statements, &out.orders)
	return out, err
}

// own is the generator's time without that of the processes that it started.
func own(all map[string]time.Duration) time.Duration {
	rest := all["generator"]
	for name, d := range all {
		if name != "generator" {
			rest -= d
		}
	}
	return max(0, rest)
}

// quiet waits until every order is captured and sold, and every event published and taken, and tells how long that took.
func (s *shop) quiet(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	for time.Since(began) < 2*time.Minute {
		var left int
		err := s.admin.QueryRow(ctx, `SELECT (SELECT count(*) FROM payments.attempts WHERE outcome = 'open') + (SELECT count(*) FROM inventory.holds WHERE state = 'open')
			+ (SELECT count(*) FROM orders.outbox WHERE published IS NULL) + (SELECT count(*) FROM payments.outbox WHERE published IS NULL)
			+ (SELECT count(*) FROM orders.orders WHERE state = 'placed')`).Scan(&left)
		if err != nil {
			return 0, fmt.Errorf("looking what is left: %w", err)
		}
		if left == 0 {
			took := time.Since(began)
			time.Sleep(1500 * time.Millisecond) // sessions tell their statistics within a second
			return took, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return 0, fmt.Errorf("after two minutes something is still under way")
}

// list prints the statements that an order costs, the most frequent first.
func (s *shop) list(ctx context.Context, p plan, orders float64) error {
	if p.statements == 0 {
		return nil
	}
	rows, err := s.admin.Query(ctx, `SELECT s.calls, s.total_exec_time, r.rolname, left(regexp_replace(s.query, '\s+', ' ', 'g'), 110)
		FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname <> 'postgres' ORDER BY s.calls DESC LIMIT $1`, p.statements)
	if err != nil {
		return err
	}
	var calls int64
	var millis float64
	var role, query string
	_, err = pgx.ForEachRow(rows, []any{&calls, &millis, &role, &query}, func() error {
		fmt.Printf("%6.2f × %6.3f ms %-13s %s\n", float64(calls)/orders, millis/float64(calls), role, query)
		return nil
	})
	return err
}

// profiled writes what the services do meanwhile, if that is wanted.
func (s *shop) profiled(ctx context.Context, p plan) (wait func()) {
	var all sync.WaitGroup
	if p.profile != "" {
		for _, name := range slices.Sorted(maps.Keys(s.side)) {
			all.Go(func() {
				if err := s.profile(ctx, name, p); err != nil {
					fmt.Fprintln(os.Stderr, "profiling "+name+":", err)
				}
			})
		}
	}
	return all.Wait
}

func (s *shop) profile(ctx context.Context, name string, p plan) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.side[name]+"/debug/pprof/profile?seconds="+strconv.Itoa(max(int(p.time.Seconds())-1, 1)), nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.profile, name+".pprof"), data, 0o600)
}
