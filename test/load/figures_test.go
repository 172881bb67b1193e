package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// step is a good answer of a step that was due at a moment and took so long.
func step(kind string, due, took int) Record {
	return with(good(due, "a"), func(r *Record) { r.Kind, r.Answered, r.End = kind, at(due+took), at(due+took) })
}

func TestFiguresOfARun(t *testing.T) {
	records := []Record{
		step("home", 0, 10), step("home", 500, 30), step(order, 600, 40),
		with(step(order, 700, 10), func(r *Record) { r.Status = 409 }),
		with(step(order, 800, 20), func(r *Record) { r.Status = 503 }),
		with(step("quote", 900, 1100), func(r *Record) { r.Status = 404 }),
		with(good(950, "a"), func(r *Record) { r.Err = errOverload }),
	}
	records[2].Status = 422
	purchases := those(bought("k1"), so(bought("k2"), refused), so(bought("k3"), func(p *Purchase) { p.Outcome, p.Why = Failed, "status 422 invalid" }))
	want := Figures{
		Seconds: 2, Requests: 7, RequestsPerSec: 3.5, OrdersPerSecond: 0.5, Failed: 4, Refused: map[string]int{"sold-out": 1},
		Failures:  map[string]int{"order: status 503": 1, "order: status 422 invalid": 1, "quote: status 404": 1, "visit: too many requests in flight": 1},
		PerSecond: map[string]float64{"home": 1, order: 0.5}, // of those that were answered well
		Latency: map[string]Quantiles{
			"home": {2, 10, 30, 30}, "quote": {1, 1100, 1100, 1100}, order: {3, 20, 20, 20}, "purchase": {3, 30, 30, 30},
		},
	}
	if diff := cmp.Diff(want, Measure(records, purchases)); diff != "" {
		t.Errorf("want - / got +:\n%s", diff)
	}
}

func TestNoRunHasNoFigures(t *testing.T) {
	if f := Measure(nil, nil); f.OrdersPerSecond != 0 || f.Requests != 0 {
		t.Errorf("%+v", f)
	}
}

func TestQuantilesAreThoseOfTheNearestRank(t *testing.T) {
	var all []time.Duration
	for n := 200; n > 0; n-- {
		all = append(all, time.Duration(n)*time.Millisecond)
	}
	if got := quantiles(all); got != (Quantiles{200, 100, 190, 198}) {
		t.Errorf("%+v", got)
	}
	if got := quantiles(all[:1]); got != (Quantiles{1, 200, 200, 200}) {
		t.Errorf("of one: %+v", got)
	}
}

func TestErrorsOfAKindAreCountedTogether(t *testing.T) {
	for err, want := range map[error]string{
		fmt.Errorf("Get: %w", context.DeadlineExceeded):         "no answer in time",
		fmt.Errorf("dial 1.2.3.4:80: %w", syscall.ECONNREFUSED): "connection refused",
		fmt.Errorf("read: %w", syscall.ECONNRESET):              "connection broken",
		fmt.Errorf("reading the body: %w", io.ErrUnexpectedEOF): "connection broken",
		errors.New("dial tcp: lookup shop: no such host"):       "no connection",
		errOverload: "too many requests in flight",
	} {
		if got := reason(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
