package source_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

// The table: what Git says, times what became of the Job of commit a, gives the reason and the next Job.

type named[T any] struct {
	name string
	do   T
}

func gitAnswers() []named[func(*world)] {
	return []named[func(*world)]{
		{"the same commit", func(w *world) { w.push("a") }},
		{"a newer commit", func(w *world) { w.push("b") }},
		{"nothing yet", func(w *world) { w.o.Git = source.Git{} }},
		{"no answer", func(w *world) { w.trouble("no answer", false) }},
		{"a wrong spec", func(w *world) { w.trouble("wrong", true) }},
	}
}

func withPod(change func(*source.Pod)) func(*world) {
	return func(w *world) {
		w.end(func(j *source.Job) {
			j.Pod = ended(source.StepTest, 1, "killed")
			change(j.Pod)
		})
	}
}

func jobEnds() []named[func(*world)] {
	pushes := func(said string) func(*world) {
		return func(w *world) {
			w.end(func(j *source.Job) { j.State, j.Pod = source.Succeeded, ended(source.StepPush, 0, said) })
		}
	}
	return []named[func(*world)]{
		{"runs", func(*world) {}},
		{"succeeded", (*world).succeed},
		{"was deleted", func(w *world) { w.o.Jobs = nil }},
		{"build failed", func(w *world) { w.failIn(source.StepBuild, "error: failed to solve: no such file") }},
		{"tests failed", func(w *world) { w.failIn(source.StepTest, testsFail) }},
		{"no stage test", func(w *world) {
			w.failIn(source.StepTest, `error: failed to solve: target stage "test" could not be found`)
		}},
		{"push failed", func(w *world) { w.failIn(source.StepPush, "registry.example: 401") }},
		{"engine lost in build", func(w *world) { w.failIn(source.StepBuild, engineLost) }},
		{"engine lost in test", func(w *world) { w.failIn(source.StepTest, engineLost) }},
		{"Git away from the engine", func(w *world) { w.failIn(source.StepBuild, hostAway) }},
		{"RUN was killed", func(w *world) {
			w.failIn(source.StepTest, "error: failed to solve: process \"x\" did not complete successfully: exit code: 137")
		}},
		{"engine out of memory", withPod(func(p *source.Pod) { p.Containers[0].OutOfMemory = true })},
		{"pod past its deadline", withPod(func(p *source.Pod) { p.Deadline = true })},
		{"pod evicted", withPod(func(p *source.Pod) { p.Lost = "Evicted" })},
		{"pod deleted", (*world).loseNode},
		{"Job past its deadline, no pod", func(w *world) { w.end(func(j *source.Job) { j.Pod, j.Deadline = nil, true }) }},
		{"no container failed", withPod(func(p *source.Pod) { *p = *ended(source.StepPush, 0, "") })},
		{"succeeded, pod deleted", func(w *world) { w.end(func(j *source.Job) { j.State, j.Pod = source.Succeeded, nil }) }},
		{"succeeded, push still runs", func(w *world) {
			w.end(func(j *source.Job) { j.State, j.Pod = source.Succeeded, ended(source.StepTest, 0, "") })
		}},
		{"succeeded, no word", pushes("")},
		{"succeeded, not a digest", pushes(`{"image":"` + repository + `:latest"}`)},
		{"succeeded, another repository", pushes(`{"image":"evil.example/x@sha256:` + strings.Repeat("a", 64) + `"}`)},
		{"succeeded, no JSON", pushes("done")},
	}
}

func TestEveryEndOfAJobUnderEveryAnswerOfGit(t *testing.T) {
	var out strings.Builder
	for _, job := range jobEnds() {
		for _, git := range gitAnswers() {
			w := newWorld()
			w.push("a")
			w.look()
			job.do(w)
			git.do(w)
			d := w.look()
			reason := string(d.Reason)
			if d.Silent {
				reason = "(silent)"
			}
			next := "-"
			if d.Start != nil {
				next = fmt.Sprintf("%.1s, attempt %d", d.Start.Commit, d.Start.Attempt)
			}
			failed, latest := "-", "-"
			if f := d.Status.Failed; f != nil {
				failed = fmt.Sprintf("%s in %q", f.Reason, f.Step)
			}
			if l := d.Status.Latest; l != nil {
				latest = l.Commit[:1]
			}
			fmt.Fprintf(&out, "%-30s | %-15s | %-14s | next %-12s | latest %s | failed %s\n", job.name, git.name, reason, next, latest, failed)
		}
	}
	golden(t, filepath.Join("testdata", "table.txt"), out.String())
}

func TestAClockThatIsOffChangesNoDecision(t *testing.T) {
	for _, job := range jobEnds() {
		if job.name == "Git away from the engine" {
			continue // it waits for its pause: TestAClockThatIsOffLetsACloneWaitNoLongerThanItsPause
		}
		var want string
		for _, off := range []time.Duration{0, -48 * time.Hour, 1000 * time.Hour} {
			w := newWorld()
			w.push("a")
			w.look()
			job.do(w)
			d := source.Plan(w.o, w.now.Add(off))
			got := fmt.Sprint(d.Reason, d.Ready, d.Start != nil, d.Status.Latest, d.Status.Commit)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s, %s off: %s, want %s", job.name, off, got, want)
			}
			if l := d.Status.Latest; l != nil && l.Seconds < 1 {
				t.Errorf("%s, %s off: a build took %d s", job.name, off, l.Seconds)
			}
		}
	}
}

func TestTheTimeOfABuildIsThatOfTheCluster(t *testing.T) {
	w := newWorld()
	w.push("a")
	w.look()
	w.end(func(j *source.Job) {
		j.State, j.Ended = source.Succeeded, j.Created.Add(-time.Minute) // the clock of the node lags
		j.Pod = ended(source.StepPush, 0, `{"image":"`+imageOf("a")+`"}`)
	})
	if l := w.look().Status.Latest; l == nil || l.Seconds != 1 {
		t.Errorf("latest is %+v: 0 would say that nothing was built", l)
	}
}

func TestABuildWithoutAPodSaysHowToFindOutWhy(t *testing.T) {
	w := newWorld()
	w.push("a")
	if w.look(); w.last.Wake != 0 {
		t.Errorf("wakes after %s, though the Job is not there yet", w.last.Wake)
	}
	w.o.Jobs[0].Pod = nil
	if d := w.look(); d.Wake <= 0 || d.Wake > time.Minute || strings.Contains(d.Message, "describe") {
		t.Errorf("after a second: %q, wakes after %s", d.Message, d.Wake)
	}
	w.now = w.now.Add(time.Minute)
	if d := w.look(); !strings.Contains(d.Message, "kubectl -n acme describe job/wishlist-aaaaaaaa") {
		t.Errorf("after a minute: %q", d.Message)
	}
	w.o.Jobs[0].Pod = &source.Pod{Trouble: "container engine: ImagePullBackOff"}
	if d := w.look(); !strings.Contains(d.Message, "ImagePullBackOff") {
		t.Errorf("with a pod that does not start: %q", d.Message)
	}
}

// TestWhoseTurnItIs: a slot builds one source at a time.
func TestWhoseTurnItIs(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*source.Observed)
		says   string
	}{
		"no Shop":              {func(o *source.Observed) { o.Shop = "" }, "waits for a Shop in namespace acme"},
		"another builds":       {func(o *source.Observed) { o.Busy = "cart-1" }, "job/cart-1 builds"},
		"another waits longer": {func(o *source.Observed) { o.Before = "cart" }, "ShopSource cart waited longer"},
	} {
		w := newWorld()
		w.push("a")
		x.change(&w.o)
		if d := w.look(); d.Start != nil || d.Reason != v1alpha1.ReasonQueued || !strings.Contains(d.Message, x.says) {
			t.Errorf("%s: starts %v, %s: %s", name, d.Start, d.Reason, d.Message)
		}
	}
}

func TestARequestIsFollowedWhenGitWasAskedForIt(t *testing.T) {
	w := newWorld()
	w.push("a")
	w.look()
	w.failIn(source.StepTest, testsFail)
	w.look()
	w.o.Requested = "1" // and Git's answer is from before
	if d := w.look(); d.Start != nil || d.Status.RequestedAt != "" {
		t.Errorf("starts %v, and has followed %q", d.Start, d.Status.RequestedAt)
	}
	w.o.Git.Request = "1"
	if d := w.look(); d.Start == nil || d.Status.RequestedAt != "1" {
		t.Errorf("starts %v, and has followed %q", d.Start, d.Status.RequestedAt)
	}
}
