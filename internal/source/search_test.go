package source_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

// TestWhateverHappens plays random stories, with an operator that dies, sees old statuses and forgets Git.
// After each pass holds what must always hold; at the end, when nothing happens any more, the source is at rest.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(400) {
		if wrong := play(rand.New(rand.NewPCG(seed, 7))); wrong != "" {
			t.Fatalf("seed %d: %s", seed, wrong)
		}
	}
}

type player struct {
	*world
	r        *rand.Rand
	told     []string
	requests int
	letters  int
	unlucky  map[string]bool // commits whose tests fail
}

func play(r *rand.Rand) string {
	p := &player{world: newWorld(), r: r, unlucky: map[string]bool{}}
	for range 40 {
		p.act()
		if wrong := p.pass(); wrong != "" {
			return wrong + "\n" + strings.Join(p.told, "\n")
		}
	}
	p.o.Spec.Paused, p.o.Busy, p.o.Before, p.o.Problems, p.o.Shop = false, "", "", nil, "acme"
	p.pushTag(p.head(), "v")
	for range 20 {
		if j := p.running(); j != nil {
			p.finish(j)
		}
		p.now = p.now.Add(4 * time.Minute) // longer than a clone that failed is waited for
		p.o.Status = source.Plan(p.o, p.now).Status
		p.create(source.Plan(p.o, p.now))
	}
	d := source.Plan(p.o, p.now)
	switch {
	case d.Reason == v1alpha1.ReasonUpToDate && d.Ready && d.Status.Latest.Commit == commit(p.head()):
	case d.Reason == v1alpha1.ReasonTestsFailed && p.unlucky[p.head()]:
	case d.Reason == v1alpha1.ReasonEngineLost && d.Status.Failed.Attempts%3 == 0:
	case d.Reason == v1alpha1.ReasonGitUnreachable && d.Status.Failed.Attempts%6 == 0:
	default:
		return fmt.Sprintf("at rest it is %s: %s\n%s", d.Reason, d.Message, strings.Join(p.told, "\n"))
	}
	if diff := cmp.Diff(p.o.Status, d.Status); diff != "" || d.Start != nil {
		return "it is not at rest: " + diff
	}
	return ""
}

func (p *player) head() string { return string(rune('a' + max(p.letters-1, 0)%6)) }

func (p *player) finish(j *source.Job) {
	if p.unlucky[j.Commit[:1]] {
		p.failIn(source.StepTest, testsFail)
		return
	}
	p.succeed()
}

func (p *player) act() {
	acts := []named[func()]{
		{"push", func() {
			p.letters++
			p.pushTag(p.head(), "v")
			p.unlucky[p.head()] = p.unlucky[p.head()] || p.r.IntN(4) == 0
		}},
		{"end", func() {
			if j := p.running(); j != nil {
				p.finish(j)
			}
		}},
		{"lose", func() {
			if p.running() != nil {
				p.loseNode()
			}
		}},
		{"clone fails", func() {
			if p.running() != nil {
				p.failIn(source.StepBuild, hostAway)
			}
		}},
		{"request", func() { p.requests++; p.request(fmt.Sprint(p.requests)) }},
		{"restart", func() { p.o.Git = source.Git{} }},
		{"git away", func() { p.trouble("away", false) }},
		{"git", func() { p.pushTag(p.head(), "v") }},
		{"delete Jobs", func() { p.o.Jobs = nil }},
		{"busy", func() { p.o.Busy = [2]string{"", "x"}[p.r.IntN(2)] }},
		{"pause", func() { p.o.Spec.Paused = !p.o.Spec.Paused }},
		{"crash", func() { p.crash() }},
		{"nothing", func() {}},
	}
	a := acts[p.r.IntN(len(acts))]
	p.told = append(p.told, a.name)
	a.do()
}

// pass makes a pass, now and then on the status of before, and checks what must always hold.
func (p *player) pass() string {
	jobs, was := len(p.created), p.o.Status
	d := p.look()
	if again := source.Plan(p.o, p.now); cmp.Diff(again.Status, d.Status) != "" || again.Start != nil {
		return "a second pass that sees the same decides otherwise:\n" + cmp.Diff(d.Status, again.Status)
	}
	if p.r.IntN(3) == 0 { // the cache has not seen the status yet
		stale := p.o
		stale.Status = was
		if s := source.Plan(stale, p.now); s.Start != nil && p.job(s.Start.Job) == nil {
			return "a pass on an old status builds once more: " + s.Start.Job
		}
	}
	runs := 0
	for _, j := range p.o.Jobs {
		if j.State == source.Running {
			runs++
		}
	}
	switch {
	case runs > 1:
		return "two Jobs of the source run"
	case d.Ready && (d.Status.Latest == nil || d.Status.Latest.Commit != d.Status.Commit):
		return "it is ready, and the branch's commit is not the latest image"
	case len(p.created) > jobs && (p.o.Spec.Paused || p.o.Busy != "" || p.o.Git.Commit == ""):
		return "a Job was created that must wait"
	}
	return p.needless(was, d.Start)
}

// needless: what is the latest image is not built again, and what failed by itself only on request.
func (p *player) needless(was v1alpha1.ShopSourceStatus, start *v1alpha1.Build) string {
	if start == nil {
		return ""
	}
	if l := was.Latest; l != nil && l.Commit == start.Commit && l.Inputs == start.Inputs {
		return "the latest image is built once more"
	}
	f := was.Failed
	if f != nil && f.Reason == v1alpha1.ReasonTestsFailed && f.Commit == start.Commit && start.Attempt == f.Attempts+1 && p.o.Requested == was.RequestedAt {
		return "tests that failed are run once more, and nobody asked for it"
	}
	return ""
}
