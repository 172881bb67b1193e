package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/measure"
)

// scenario is one kind of load.
type scenario struct {
	name, path string
	size       int64
	http2      bool
	// part of the requests a second that the bare proxy was able to serve; 0: all that
	// the target can.
	part float64
}

var scenarios = []scenario{
	{name: "1k", path: "/1k", size: 1 << 10},
	{name: "30k-chunked", path: "/30k-chunked", size: 30 << 10},
	{name: "64k", path: "/64k", size: 64 << 10},
	{name: "h2c", path: "/1k", size: 1 << 10, http2: true},
	{name: "30%", path: "/1k", size: 1 << 10, part: 0.3},
}

// reading is one measurement.
type reading struct {
	Scenario string  `json:"scenario"`
	Target   string  `json:"target"`
	Round    int     `json:"round"`
	Requests int64   `json:"requests"`
	Failed   int64   `json:"failed"`
	PerTenK  float64 `json:"cpuSecondsPer10k"`
	Rate     float64 `json:"requestsPerSecond"`
}

type bench struct {
	plan
	machine  string
	folder   string
	pods     *exec.Cmd
	targets  []target
	readings []reading
}

// begin starts the pods and every target. All stay up and idle meanwhile.
func begin(ctx context.Context, p plan) (b *bench, err error) {
	b = &bench{plan: p, machine: measure.Machine()}
	if b.folder, err = os.MkdirTemp("", "bench-front-door"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.end()
		}
	}()
	pods, addresses, err := startRole(ctx, "pods", 2)
	if err != nil {
		return nil, err
	}
	b.pods = pods
	for name := range strings.SplitSeq(p.targets, ",") {
		t := target{name: name}
		switch name {
		case "bare", "ours":
			var own []string
			if t.process, own, err = startRole(ctx, name, 1, addresses...); err == nil {
				t.address, t.address2 = own[0], own[0]
			}
		default:
			t, err = startOther(ctx, name, b.folder, addresses)
		}
		if err != nil {
			return nil, fmt.Errorf("starting %s: %w", name, err)
		}
		b.targets = append(b.targets, t)
		if err = t.await(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// end stops what begin started.
func (b *bench) end() {
	for _, t := range b.targets {
		if t.process != nil && t.process.Process != nil {
			_ = t.process.Process.Signal(os.Interrupt)
			_ = t.process.Wait()
		}
	}
	if b.pods != nil {
		_ = b.pods.Process.Kill()
		_ = b.pods.Wait()
	}
	_ = os.RemoveAll(b.folder)
}

// measure goes through the scenarios; the order of the targets turns round each round.
func (b *bench) measure(ctx context.Context) error {
	for _, s := range scenarios {
		if !slices.Contains(strings.Split(b.scenarios, ","), s.name) {
			continue
		}
		for round := range b.rounds {
			order := slices.Clone(b.targets)
			if round%2 == 1 {
				slices.Reverse(order)
			}
			for _, t := range order {
				r, err := b.one(ctx, s, t)
				if err != nil {
					return fmt.Errorf("measuring %s with %s: %w", t.name, s.name, err)
				}
				r.Round = round
				b.readings = append(b.readings, r)
				fmt.Fprintf(os.Stderr, "%-12s %-8s %.3f CPU s/10k, %6.0f requests/s, %d failed\n", s.name, t.name, r.PerTenK, r.Rate, r.Failed)
			}
		}
	}
	return nil
}

// one warms a target up and measures it.
func (b *bench) one(ctx context.Context, s scenario, t target) (r reading, err error) {
	load := b.load(s, t)
	if _, err = load(ctx, b.seconds/6); err != nil {
		return r, err
	}
	before, err := measure.CPU(t.process.Process.Pid)
	if err != nil {
		return r, err
	}
	began := time.Now()
	done, err := load(ctx, b.seconds)
	if err != nil {
		return r, err
	}
	took := time.Since(began)
	after, err := measure.CPU(t.process.Process.Pid)
	if err != nil {
		return r, err
	}
	if done.good == 0 {
		return r, fmt.Errorf("no request succeeded: %s", done.why)
	}
	return reading{
		Scenario: s.name, Target: t.name, Requests: done.good, Failed: done.failed,
		PerTenK: (after - before).Seconds() / float64(done.good) * 10_000, Rate: float64(done.good) / took.Seconds(),
	}, nil
}

// load chooses who sends: wrk as much as the target takes over HTTP/1.1, and this program
// what wrk cannot: a steady rate, HTTP/2.
func (b *bench) load(s scenario, t target) func(context.Context, time.Duration) (result, error) {
	switch {
	case s.http2:
		return func(ctx context.Context, d time.Duration) (result, error) {
			return http2Load(ctx, "http://"+t.address2+s.path, s.size, d)
		}
	case s.part > 0:
		rate := s.part * b.rateOf("bare", "1k")
		return func(ctx context.Context, d time.Duration) (result, error) {
			return steadyLoad(ctx, "http://"+t.address+s.path, s.size, rate, d)
		}
	}
	return func(ctx context.Context, d time.Duration) (result, error) {
		return wrk(ctx, "http://"+t.address+s.path, d)
	}
}

// rateOf is what a target was able to serve; a guess when it was not measured.
func (b *bench) rateOf(name, scenario string) float64 {
	var rates []float64
	for _, r := range b.readings {
		if r.Target == name && r.Scenario == scenario {
			rates = append(rates, r.Rate)
		}
	}
	if len(rates) == 0 {
		return 8000
	}
	return measure.Median(rates)
}
