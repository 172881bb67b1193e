package main

import (
	"strings"
	"testing"
	"time"
)

func TestTheGoalIsReachedByOneLoadAndMissedByOneFailure(t *testing.T) {
	good, slow, few, failed := reading{Rate: 50, P95: 249}, reading{Rate: 60, P95: 250}, reading{Rate: 40, P95: 10}, reading{Rate: 90, P95: 10, Failed: 1}
	for name, c := range map[string]struct {
		all    []reading
		missed bool
	}{
		"good": {[]reading{good}, false}, "slow": {[]reading{slow}, true}, "few": {[]reading{few, slow}, true}, "one of two": {[]reading{slow, good}, false}, "one failed": {[]reading{good, failed}, true}, "none": {nil, true},
	} {
		if got := (report{Goal: 50, P95: 250, Readings: c.all}).missed(); got != c.missed {
			t.Errorf("%s: missed %t", name, got)
		}
	}
	if (report{Readings: []reading{few}}).missed() {
		t.Error("without a goal it is missed")
	}
}

func TestFiguresAreOfTheOrdersThatWerePlaced(t *testing.T) {
	all := &tally{failed: 2}
	for n := range 100 {
		all.took = append(all.took, time.Duration(100-n)*time.Millisecond)
	}
	if r := all.reading(10 * time.Second); r.Placed != 100 || r.Failed != 2 || r.Rate != 10 || r.P50 != 50 || r.P95 != 95 || r.P99 != 99 {
		t.Errorf("%+v", r)
	}
	var out strings.Builder
	report{Goal: 50, P95: 250, Readings: []reading{{Load: "12 customers", Rate: 51, P95: 200, CPU: map[string]float64{"a": 1, "b": 2}}}}.print(&out)
	for _, want := range []string{"12 customers", "3.0", "   2.00  b\n   1.00  a", "reached"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not told:\n%s", want, out.String())
		}
	}
}
