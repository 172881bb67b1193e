package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/measure"
)

// script makes wrk ask for the paths in turn, and print one line of figures.
//
//go:embed load.lua
var script []byte

// ways are how the lists are asked for.
const throughDoor, without = "through the front door", "without it"

// reading is one measurement.
type reading struct {
	Way    string  `json:"way"`
	Round  int     `json:"round"`
	Lists  int64   `json:"lists"`
	Failed int64   `json:"failed"`
	Rate   float64 `json:"listsPerSecond"`
	P50    float64 `json:"p50Millis"`
	P95    float64 `json:"p95Millis"`
	P99    float64 `json:"p99Millis"`
	// CPU seconds for 10,000 lists, by process.
	CPU map[string]float64 `json:"cpuSecondsPer10k"`
}

// processes are those whose CPU time is told, in the order of the table.
var processes = []string{"catalog", "front door", "PostgreSQL", "generator"}

// measure goes through the ways in turn; their order turns round each round.
func (p plan) measure(ctx context.Context, s *shop) (all []reading, err error) {
	file := filepath.Join(os.TempDir(), fmt.Sprintf("bench-catalog-%d.lua", os.Getpid()))
	if err := os.WriteFile(file, script, 0o600); err != nil {
		return nil, err
	}
	defer os.Remove(file)
	for round := range p.rounds {
		ways := []string{throughDoor, without}
		if round%2 == 1 {
			ways[0], ways[1] = ways[1], ways[0]
		}
		for _, way := range ways {
			r, err := p.one(ctx, s, file, way)
			if err != nil {
				return nil, fmt.Errorf("measuring %s: %w", way, err)
			}
			r.Round = round
			all = append(all, r)
			fmt.Fprintf(os.Stderr, "%-22s %6.0f lists/s, p99 %.1f ms, %d failed\n", way, r.Rate, r.P99, r.Failed)
		}
	}
	return all, nil
}

// one warms up and measures.
func (p plan) one(ctx context.Context, s *shop, script, way string) (reading, error) {
	base := map[string]string{throughDoor: s.public, without: s.direct}[way]
	if _, _, err := p.load(ctx, script, base, time.Second, s.paths); err != nil {
		return reading{}, err
	}
	if p.profiles != "" && way == throughDoor {
		defer profile(ctx, s.side, p)()
	}
	before, err := s.cpu()
	if err != nil {
		return reading{}, err
	}
	r, generator, err := p.load(ctx, script, base, p.seconds, s.paths)
	if err != nil {
		return reading{}, err
	}
	after, err := s.cpu()
	if err != nil {
		return reading{}, err
	}
	r.Way, r.CPU = way, map[string]float64{"generator": generator.Seconds() / float64(r.Lists) * 10_000}
	for name := range after {
		r.CPU[name] = (after[name] - before[name]).Seconds() / float64(r.Lists) * 10_000
	}
	return r, nil
}

// cpu is what the processes have used.
func (s *shop) cpu() (map[string]time.Duration, error) {
	used := map[string]time.Duration{}
	for name, pid := range map[string]int{"catalog": s.catalog.Process.Pid, "front door": s.door.Process.Pid, "PostgreSQL": s.database.PID()} {
		d, err := measure.CPU(pid)
		if err != nil {
			return nil, fmt.Errorf("reading the CPU time of %s: %w", name, err)
		}
		used[name] = d
	}
	return used, nil
}

// load lets wrk ask as fast as it is answered, and tells also what wrk used.
func (p plan) load(ctx context.Context, script, base string, d time.Duration, paths []string) (reading, time.Duration, error) {
	args := append([]string{"-t1", "-c" + strconv.Itoa(p.connections), "-d" + strconv.Itoa(int(d.Seconds())) + "s", "-s", script, base, "--"}, paths...)
	wrk := exec.CommandContext(ctx, "wrk", args...)
	out, err := wrk.Output()
	if err != nil {
		return reading{}, 0, fmt.Errorf("running wrk: %w", err)
	}
	r, err := parse(string(out))
	return r, wrk.ProcessState.UserTime() + wrk.ProcessState.SystemTime(), err
}

// parse reads the line of figures: requests, failures, then microseconds.
func parse(out string) (r reading, err error) {
	_, line, found := strings.Cut(out, "figures:")
	if !found {
		return r, fmt.Errorf("reading what wrk says: %s", out)
	}
	var took, p50, p95, p99 int64
	if _, err := fmt.Sscan(line, &r.Lists, &r.Failed, &took, &p50, &p95, &p99); err != nil {
		return r, fmt.Errorf("reading what wrk says: %w: %s", err, line)
	}
	if r.Lists -= r.Failed; r.Lists <= 0 {
		return r, fmt.Errorf("no list was answered, %d failed", r.Failed)
	}
	const milli = 1000
	r.Rate, r.P50, r.P95, r.P99 = float64(r.Lists)/(float64(took)/1e6), float64(p50)/milli, float64(p95)/milli, float64(p99)/milli
	return r, nil
}

// profile writes what the catalog does meanwhile into the folder for profiles.
func profile(ctx context.Context, side string, p plan) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		data, err := get(ctx, side+"/debug/pprof/profile?seconds="+strconv.Itoa(max(int(p.seconds.Seconds())-1, 1)))
		if err == nil {
			err = os.WriteFile(filepath.Join(p.profiles, "catalog.pprof"), data, 0o600)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "profiling the catalog:", err)
		}
	}()
	return func() { <-done }
}
