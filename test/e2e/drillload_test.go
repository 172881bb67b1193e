package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// drillRate is in requests a second: enough to see what breaks, and little beside what two cores do, also for several shops.
const drillRate = 15

// drillPaths reach each service, and one through the other: only that can show a mix of releases.
var drillPaths = []string{"/a", "/b", "/a?then=B_URL"}

// span is a time in which the fault itself costs requests: a Service was deleted, a proxy was killed.
type span struct{ from, to time.Time }

func (s span) holds(r load.Record) bool { return r.End.After(s.from) && r.Start.Before(s.to) }

// judgement holds the shop to its promises while something is broken.
type judgement struct {
	d         *drill
	generator *load.Generator
	// forgiven are failures that the fault itself makes.
	forgiven func(load.Record) bool
	// spread is set where replicas of the front door cannot hear of a switch at the same time.
	spread bool

	mu       sync.Mutex
	switches []v1alpha1.SwitchRecord
	end      context.CancelFunc
	ended    chan struct{}
}

// watched sends load at a drill and notes each switch until judged is called.
func (d *drill) watched(ctx context.Context, paths ...string) *judgement {
	GinkgoHelper()
	if len(paths) == 0 {
		paths = drillPaths
	}
	g, err := load.Start(context.WithoutCancel(ctx), load.Options{Rate: drillRate, Target: load.Target{URL: d.url, Paths: paths}})
	Expect(err).NotTo(HaveOccurred())
	follow, end := context.WithCancel(context.WithoutCancel(ctx))
	j := &judgement{d: d, generator: g, end: end, ended: make(chan struct{})}
	DeferCleanup(j.stop)
	go j.follow(follow)
	return j
}

// follow takes each switch down. A switch that the API server cannot tell of is told of later.
func (j *judgement) follow(ctx context.Context) {
	defer close(j.ended)
	tick := time.NewTicker(2 * quick)
	defer tick.Stop()
	for {
		var s v1alpha1.Shop
		if err := cluster.Get(ctx, j.d.key("t"), &s); err == nil && s.Status.LastSwitch != nil {
			j.keep(*s.Status.LastSwitch)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (j *judgement) keep(s v1alpha1.SwitchRecord) {
	j.mu.Lock()
	defer j.mu.Unlock()
	at := slices.IndexFunc(j.switches, func(have v1alpha1.SwitchRecord) bool { return have.WrittenAt.Equal(&s.WrittenAt) })
	if at < 0 {
		j.switches = append(j.switches, s)
		return
	}
	j.switches[at] = s
}

func (j *judgement) stop() {
	j.end()
	<-j.ended
	j.generator.Stop()
}

// result ends the load and says what it showed; failures that are forgiven are counted apart.
func (j *judgement) result() (res load.Result, forgiven int) {
	j.stop()
	records := j.generator.Records()
	if j.forgiven != nil {
		kept := slices.DeleteFunc(slices.Clone(records), j.forgiven)
		forgiven = load.Analyse(records, nil).Failed - load.Analyse(kept, nil).Failed
		records = kept
	}
	var switches []load.Switch
	for _, s := range j.switches {
		switches = append(switches, stage.Seen(s))
	}
	return load.Analyse(records, switches), forgiven
}

// judged ends the load, prints the spec's line and expects that no promise was broken.
func (j *judgement) judged(what string) {
	GinkgoHelper()
	res, forgiven := j.result()
	report(what, res, forgiven, j.d.notes)
	Expect(res.Requests).To(BeNumerically(">", 0))
	Expect([]int{res.Failed, res.MixedRequests, res.StaleAfterConfirm}).To(Equal([]int{0, 0, 0}), "failed, mixed, stale: %v", strings.Join(res.Examples, "\n"))
	if !j.spread {
		Expect(res.MixedWindowMillis).To(BeNumerically("<=", 100), "old and new answering at the same time, in milliseconds")
	}
}

// report prints the one line of a spec.
func report(what string, res load.Result, forgiven int, notes []string) {
	line := fmt.Sprintf("chaos: %s: %d requests, %d failed, %d mixed, %d stale", what, res.Requests, res.Failed, res.MixedRequests, res.StaleAfterConfirm)
	if forgiven > 0 {
		notes = append([]string{fmt.Sprintf("%d more failed by the fault itself", forgiven)}, notes...)
	}
	fmt.Println(strings.Join(append([]string{line}, notes...), "; "))
}
