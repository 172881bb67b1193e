package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/test/load"
)

// climbing tries rates at a shop that bears so many a second.
func climbing(first, bears int) (rates []int, most int) {
	var all []tried
	for rate, goOn := nextRate(nil, first); goOn; rate, goOn = nextRate(all, first) {
		rates, all = append(rates, rate), append(all, tried{Rate: rate, Held: rate <= bears})
	}
	return rates, best(all)
}

func TestTheHighestRateThatHoldsIsFound(t *testing.T) {
	for _, c := range []struct{ first, bears int }{{500, 700}, {500, 120}, {200, 200}, {1, 3}, {500, 5000}, {400, 401}} {
		rates, most := climbing(c.first, c.bears)
		if most > c.bears || most < c.bears*9/10 || len(rates) > mostTries {
			t.Errorf("from %d, where %d hold: %d, after %v", c.first, c.bears, most, rates)
		}
	}
}

func TestAClimbEnds(t *testing.T) {
	if rates, most := climbing(8, 0); most != 0 || !slices.Equal(rates, []int{8, 4, 2, 1}) {
		t.Errorf("where nothing holds: %d, after %v", most, rates)
	}
	if rates, most := climbing(5000, 1<<30); most != mostRate || !slices.Equal(rates, []int{5000, 7500, mostRate}) {
		t.Errorf("where all holds: %d, after %v", most, rates)
	}
}

func TestARateHoldsWhereAllAreAnsweredInTime(t *testing.T) {
	o := options{most: "find", p95: 100}
	f := func(p95 float64, failed int, well float64) load.Figures {
		return load.Figures{Failed: failed, PerSecond: map[string]float64{"find": well}, Latency: map[string]load.Quantiles{"find": {P95: p95}}}
	}
	for name, c := range map[string]struct {
		f    load.Figures
		held bool
	}{"in time": {f(100, 0, 9), true}, "late": {f(101, 0, 9), false}, "one failed": {f(10, 1, 9), false}, "none": {f(0, 0, 0), false}} {
		if got := o.judge(9, c.f); got.Held != c.held || got.Rate != 9 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if usual := (options{}).bound(); usual != 250 {
		t.Errorf("without -p95 it is %.0f ms", usual)
	}
}

func TestAimsAreReadAndHeldTo(t *testing.T) {
	o, err := parse(strings.Fields("-most find -aim find=500,list=2000"))
	if err != nil || o.rate != 500 || o.mix != (load.Mix{Find: 100}) || o.aims["list"] != 2000 {
		t.Errorf("%+v, %v", o, err)
	}
	for args, want := range map[string]string{
		"-aim find": "is none", "-aim buy=1": "is none", "-aim find=0": "is none", "-aim find=NaN": "is none", "-most order": "must be search", "-most find -mix list=1": "leave out -mix",
	} {
		if _, err := parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	for aim, want := range map[float64]string{10: "", 10.1: "", 10.3: "fewer than the aim"} {
		err := measured(t, options{aims: map[string]float64{"order": aim}}).broken()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("aim %.1f: %v", aim, err)
		}
	}
}

// searched is a run of one search that took so many milliseconds.
func searched(t *testing.T, took int, status int) report {
	t.Helper()
	end := began.Add(time.Duration(took) * time.Millisecond)
	r, err := options{most: "find", rate: 5, mixText: "find=100", aims: map[string]float64{"find": 2}}.report(began, []load.Record{
		{Kind: "find", Intended: began, Start: began, Answered: end, End: end, Status: status, Release: "a", Sources: "x=a"},
	}, nil, load.Found{})
	if err != nil {
		t.Fatal(err)
	}
	r.Climbed = []tried{{Rate: 5, Served: 5, P95: 9, Held: true}, {Rate: 7, P95: 300}}
	return r
}

func TestWhatTheClimbFoundMustHold(t *testing.T) {
	for _, c := range []struct {
		took, status int
		want         string
	}{{200, 200, ""}, {400, 200, "p95 of find is 400 ms: more than 250"}, {200, 503, "1 of 1 find failed"}, {600, 200, "fewer than the aim of 2"}} {
		err := searched(t, c.took, c.status).broken()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d ms, status %d: %v", c.took, c.status, err)
		}
	}
	var out strings.Builder
	searched(t, 200, 200).table(&out)
	for _, want := range []string{"5.0 searches/s, 0.0 lists/s", "      5        5      9.0        0    true", "The most: 5 find/s for 0 s, p95 200.0 ms of at most 250, 0 failed; the aim is 2/s.", "failed   0"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "booksBalanced") {
		t.Error("nobody ordered, and it tells of books")
	}
}
