package main

import (
	"strings"
	"testing"
	"time"
)

func measured() report {
	r := report{Machine: "2 × x", Clients: 48, Seconds: 10, Fsync: true, Goal: 1400, P99: 61}
	for i, n := range []float64{1600, 1400, 1200} {
		r.Readings = append(r.Readings, reading{Round: i, Held: 10, Rate: n, P50: 4, P95: 9, P99: 50 + float64(10*i), CPU: map[string]float64{"inventory": 2, "PostgreSQL": 3}})
	}
	return r
}

func TestTheTableShowsMediansAndRanges(t *testing.T) {
	var out strings.Builder
	measured().print(&out)
	for _, want := range []string{"1400 [1200–1600]", "60.0 [50.0–70.0]", "fsync true", "none oversold: reached"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
}

func TestTheGoalIsMissedByRateTimeFailuresAndOverselling(t *testing.T) {
	for name, change := range map[string]func(*report){
		"rate":     func(r *report) { r.Goal = 1401 },
		"time":     func(r *report) { r.P99 = 60 },
		"failed":   func(r *report) { r.Readings[2].Failed = 1 },
		"oversold": func(r *report) { r.Readings[0].Oversold = 1 },
	} {
		r := measured()
		if r.missed() {
			t.Fatal("it is missed as it is")
		}
		if change(&r); !r.missed() {
			t.Errorf("%s: it is reached", name)
		}
	}
}

func TestFiguresAreOfHoldsThatWereMade(t *testing.T) {
	r := sum([]client{{took: []time.Duration{time.Millisecond, 3 * time.Millisecond}, held: 2, soldOut: 5}, {took: []time.Duration{2 * time.Millisecond}, held: 1, failed: 1}}, time.Second)
	if r.Held != 3 || r.SoldOut != 5 || r.Failed != 1 || r.Rate != 3 || r.P50 != 2 {
		t.Errorf("%+v", r)
	}
	if r := sum(nil, time.Second); r.P99 != 0 {
		t.Errorf("%+v", r)
	}
}
