package watch_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/report"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
	"github.com/emporium-shop/emporium/services/gateway/internal/watch"
)

// replica counts and reports, within a bubble.
type replica struct {
	*door
	api *fake.Clientset
}

func reporting(t *testing.T) *replica {
	r := &replica{door: &door{t: t, began: time.Now()}, api: fake.NewClientset()}
	log := slog.New(slog.DiscardHandler)
	var reporter *report.Reporter
	changed := func() { reporter.Changed() }
	r.watch = watch.New(time.Now, changed)
	r.current = table.New("", time.Now, log, r.watch.Looked, func(table.Sight, *table.Compiled) { changed() })
	told := func() frontdoor.Report { return r.watch.Into(r.current.Report()) }
	reporter = report.New(r.api.CoordinationV1().Leases("shops"), report.Identity{Pod: "demo-0", Namespace: "shops"}, told, time.Now, log)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go reporter.Run(ctx)
	go r.watch.Run(ctx)
	return r
}

// serve counts ten requests a second, each of them an error.
func (r *replica) serve(d time.Duration) {
	for range d / (100 * time.Millisecond) {
		r.watch.Ended(proxy.Result{Role: table.Active, Release: "a", Service: "web", Status: 500, Cause: proxy.PodError, Began: time.Now()})
		time.Sleep(100 * time.Millisecond)
	}
	synctest.Wait()
}

func (r *replica) wantWrites(when string, before, least, most int) {
	r.t.Helper()
	if n := len(r.api.Actions()) - before; n < least || n > most {
		r.t.Errorf("%s: %d writes, want %d to %d", when, n, least, most)
	}
}

func TestCountsAreReportedEveryTwoSecondsWhileTheGuardIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reporting(t)
		synctest.Wait()
		r.route("a", "", 0, &frontdoor.Guard{Until: time.Now().Add(time.Minute)})
		synctest.Wait() // the switch is reported at once
		before := len(r.api.Actions())
		r.serve(time.Minute)
		r.wantWrites("while it is open", before, 28, 30)
		time.Sleep(3 * time.Second) // the last counts are told
		synctest.Wait()
		r.wants(600, 600, 0)
		before = len(r.api.Actions())
		r.serve(time.Minute)
		r.wantWrites("after it", before, 1, 2) // renewals
		r.wants(600, 600, 0)
	})
}

func TestNothingIsReportedWithoutNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reporting(t)
		synctest.Wait()
		r.route("a", "", 1, &frontdoor.Guard{Until: time.Now().Add(time.Hour)})
		r.serve(time.Second)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		before := len(r.api.Actions())
		time.Sleep(time.Minute)
		synctest.Wait()
		r.wantWrites("without requests", before, 1, 2) // renewals
	})
}
