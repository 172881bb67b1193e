package main

import (
	"strings"
	"testing"
)

func measured() report {
	r := report{Machine: "2 × x", Connections: 32, Seconds: 10, Goal: 5000}
	for i, n := range []float64{6000, 5000, 4000} {
		cpu := map[string]float64{"catalog": 1, "front door": 0.5, "PostgreSQL": 0, "generator": 0.25}
		r.Readings = append(r.Readings,
			reading{Way: throughDoor, Round: i, Lists: 10, Rate: n, P50: 4, P95: 9, P99: 12.5, CPU: cpu},
			reading{Way: without, Round: i, Lists: 10, Rate: 2 * n, P50: 2, P95: 4, P99: 6, CPU: cpu})
	}
	return r
}

func TestTheTableShowsMediansRangesAndTheRatioOfEachRound(t *testing.T) {
	var out strings.Builder
	measured().print(&out)
	for _, want := range []string{"5000 [4000–6000]", "10000 [8000–12000]", "12.5 [12.5–12.5]", "0.50 [0.50–0.50]", "without it = 0.50 [0.50–0.50]", "goal of 5000 lists/s through the front door: reached"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
}

func TestTheGoalIsMissedBelowItAndByAFailure(t *testing.T) {
	r := measured()
	r.Goal = 5001
	if !r.missed() {
		t.Error("5000 are 5001")
	}
	r = measured()
	if r.missed() {
		t.Error("5000 are not 5000")
	}
	r.Readings[3].Failed = 1
	if !r.missed() {
		t.Error("a list that failed is none")
	}
}

func TestWhatWrkSaysIsRead(t *testing.T) {
	r, err := parse("Running 10s test\n  100 requests in 10.00s\nfigures: 1000 10 2000000 1500 4000 12500\n")
	if err != nil || r.Lists != 990 || r.Failed != 10 || r.Rate != 495 || r.P50 != 1.5 || r.P95 != 4 || r.P99 != 12.5 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, out := range []string{"", "figures: 1000 x", "figures: 10 10 2000000 1 1 1\n"} {
		if _, err := parse(out); err == nil {
			t.Errorf("%q was read", out)
		}
	}
}
