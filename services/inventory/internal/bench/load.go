package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/measure"
)

// reading is one measurement.
type reading struct {
	Round    int     `json:"round"`
	Held     int64   `json:"held"`
	SoldOut  int64   `json:"soldOut"`
	Failed   int64   `json:"failed"`
	Oversold int64   `json:"oversold"`
	Rate     float64 `json:"holdsPerSecond"`
	P50      float64 `json:"p50Millis"`
	P95      float64 `json:"p95Millis"`
	P99      float64 `json:"p99Millis"`
	// CPU seconds for 10,000 holds, by process.
	CPU map[string]float64 `json:"cpuSecondsPer10k"`
}

// client is one who holds again and again.
type client struct {
	took                  []time.Duration
	held, soldOut, failed int64
}

// measure lets all clients hold one of the product at a time.
func (s *shop) measure(ctx context.Context, p plan, round int) (reading, error) {
	sku := fmt.Sprintf("%s-%d", hot, round)
	// Enough for the time at ten times the goal; the rest must be left.
	units := int64(p.time.Seconds()*14_000) + 1000
	if err := s.receive(ctx, sku, units); err != nil {
		return reading{}, err
	}
	if _, _, err := s.load(ctx, p.clients, sku, time.Second); err != nil { // connections, plans, pages
		return reading{}, err
	}
	warm, err := s.held(ctx, sku)
	if err != nil {
		return reading{}, err
	}
	defer s.profiled(ctx, p)()
	before, err := s.cpu()
	if err != nil {
		return reading{}, err
	}
	all, took, err := s.load(ctx, p.clients, sku, p.time)
	if err != nil {
		return reading{}, err
	}
	after, err := s.cpu()
	if err != nil {
		return reading{}, err
	}
	r := sum(all, took)
	r.Round, r.CPU = round, map[string]float64{}
	for name := range after {
		r.CPU[name] = (after[name] - before[name]).Seconds() / float64(r.Held) * 10_000
	}
	return s.audit(ctx, r, sku, units, warm)
}

// receive begins to keep the product, as a migration of data would: the movement and what it adds up to.
func (s *shop) receive(ctx context.Context, sku string, units int64) error {
	_, err := s.db.Exec(ctx, `WITH s AS (INSERT INTO inventory.stock (sku, on_hand) VALUES ($1, $2))
		INSERT INTO inventory.movements (id, sku, quantity, reason) VALUES ($3, $1, $2, 'received')`, sku, units, uuid.New())
	if err != nil {
		return fmt.Errorf("receiving goods: %w", err)
	}
	return nil
}

// held is how many units are on hold, by the holds themselves.
func (s *shop) held(ctx context.Context, sku string) (n int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT coalesce(sum(l.units), 0)::bigint FROM inventory.hold_lines l JOIN inventory.holds h ON h.id = l.hold
		WHERE l.taken = $1 AND h.state = 'open'`, sku).Scan(&n)
	return n, err
}

// audit counts what clients were told against what is stored, and that against what there was.
func (s *shop) audit(ctx context.Context, r reading, sku string, units, warm int64) (reading, error) {
	held, err := s.held(ctx, sku)
	if err != nil {
		return r, err
	}
	var onHand, reserved int64
	if err := s.db.QueryRow(ctx, `SELECT on_hand, reserved FROM inventory.stock WHERE sku = $1`, sku).Scan(&onHand, &reserved); err != nil {
		return r, err
	}
	if onHand != units || reserved != held || held-warm < r.Held {
		return r, fmt.Errorf("the books do not balance: %d on hand of %d, %d reserved, holds of %d, clients were told of %d", onHand, units, reserved, held, r.Held+warm)
	}
	r.Oversold = max(0, held-units)
	return r, nil
}

func sum(all []client, took time.Duration) (r reading) {
	var times []time.Duration
	for _, c := range all {
		times = append(times, c.took...)
		r.Held, r.SoldOut, r.Failed = r.Held+c.held, r.SoldOut+c.soldOut, r.Failed+c.failed
	}
	slices.Sort(times)
	at := func(share float64) float64 {
		if len(times) == 0 {
			return 0
		}
		return float64(times[int(share*float64(len(times)-1))].Microseconds()) / 1000
	}
	r.Rate, r.P50, r.P95, r.P99 = float64(r.Held)/took.Seconds(), at(0.5), at(0.95), at(0.99)
	return r
}

func (s *shop) load(ctx context.Context, clients int, sku string, d time.Duration) ([]client, time.Duration, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	began := time.Now()
	ctx, cancel := context.WithDeadline(ctx, began.Add(d+30*time.Second))
	defer cancel()
	all := make([]client, clients)
	errs := make([]error, clients)
	var wait sync.WaitGroup
	for n := range all {
		wait.Go(func() {
			for time.Since(began) < d && errs[n] == nil {
				errs[n] = all[n].hold(ctx, transport, s, sku)
			}
		})
	}
	wait.Wait()
	took := time.Since(began)
	for _, err := range errs {
		if err != nil {
			return nil, 0, err
		}
	}
	return all, took, nil
}

// hold asks for one unit.
func (c *client) hold(ctx context.Context, transport *http.Transport, s *shop, sku string) error {
	saga := uuid.New().String()
	body := []byte(`{"saga":"` + saga + `","lines":[{"sku":"` + sku + `","quantity":1}]}`)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.direct+"/internal/inventory/holds", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Idempotency-Key", saga+":hold")
	began := time.Now()
	res, err := transport.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("asking for a hold: %w", err)
	}
	_, err = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	switch {
	case err != nil:
		return fmt.Errorf("reading the answer: %w", err)
	case res.StatusCode == http.StatusCreated:
		c.held++
		c.took = append(c.took, time.Since(began))
	case res.StatusCode == http.StatusConflict:
		c.soldOut++
	default:
		c.failed++
	}
	return nil
}

// cpu is what the processes have used.
func (s *shop) cpu() (map[string]time.Duration, error) {
	used := map[string]time.Duration{}
	for name, pid := range map[string]int{"inventory": s.inventory.Process.Pid, "PostgreSQL": s.server.PID()} {
		d, err := measure.CPU(pid)
		if err != nil {
			return nil, fmt.Errorf("reading the CPU time of %s: %w", name, err)
		}
		used[name] = d
	}
	return used, nil
}

// profiled writes what inventory does meanwhile, if that is wanted.
func (s *shop) profiled(ctx context.Context, p plan) (wait func()) {
	if p.profile == "" {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		seconds := strconv.Itoa(max(int(p.time.Seconds())-1, 1))
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.side+"/debug/pprof/profile?seconds="+seconds, nil)
		if err != nil {
			return
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			fmt.Fprintln(os.Stderr, "profiling inventory:", err)
			return
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err == nil {
			err = os.WriteFile(p.profile, data, 0o600)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "profiling inventory:", err)
		}
	}()
	return func() { <-done }
}
