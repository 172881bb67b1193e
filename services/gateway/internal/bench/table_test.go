package main

import (
	"strings"
	"testing"
	"time"
)

func TestTheTableShowsMediansRangesAndTheRatioOfEachRound(t *testing.T) {
	b := &bench{plan: plan{rounds: 3, seconds: time.Second}, machine: "2 × x", targets: []target{{name: "bare"}, {name: "ours"}}}
	for i, cost := range []float64{0.4, 0.5, 0.3} {
		b.readings = append(b.readings,
			reading{Scenario: "1k", Target: "bare", Round: i, PerTenK: cost, Rate: 1000},
			reading{Scenario: "1k", Target: "ours", Round: i, PerTenK: cost / 2, Rate: 2000, Failed: 1})
	}
	var out strings.Builder
	b.print(&out)
	for _, want := range []string{"0.400 [0.300–0.500]", "0.200 [0.150–0.250]", "2000 [2000–2000]  3", "1k: ours : bare = 0.50 [0.50–0.50]"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
}

func TestWhatWrkSaysIsRead(t *testing.T) {
	out := []byte("  54321 requests in 3.00s, 60.00MB read\n  Socket errors: connect 0, read 2, write 0, timeout 1\n  Non-2xx or 3xx responses: 4\n")
	if found := wrkRequests.FindSubmatch(out); found == nil || string(found[1]) != "54321" {
		t.Errorf("requests: %q", found)
	}
	if found := wrkFailures.FindAllSubmatch(out, -1); len(found) != 5 || string(found[4][1]) != "4" {
		t.Errorf("failures: %q", found)
	}
}
