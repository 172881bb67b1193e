package source_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

var clock = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

const repository = "registry.example/acme/wishlist"

// commit returns the same 40 digits for the same letter.
func commit(letter string) string { return strings.Repeat(letter, 40) }

// imageOf is what a push of a commit leaves: the same for the same content.
func imageOf(content string) string { return repository + "@sha256:" + strings.Repeat(content, 64) }

// world plays Git, Kubernetes and the operator around Plan, one thing at a time.
type world struct {
	now     time.Time
	o       source.Observed
	created []source.Job // each Job that was ever created, in order
	last    source.Decision
	// content of a commit; "": its own.
	content map[string]string
}

func newWorld() *world {
	return &world{now: clock, content: map[string]string{}, o: source.Observed{
		Namespace: "acme", Name: "wishlist", UID: "1", Generation: 1, Shop: "acme",
		Spec: v1alpha1.ShopSourceSpec{
			Git: v1alpha1.GitSource{URL: "https://git.example/acme/wishlist.git", Branch: "main"}, Image: repository,
		},
	}}
}

func (w *world) push(letter string) { w.pushTag(letter, letter+"-version") }

func (w *world) pushTag(letter, version string) {
	w.o.Git = source.Git{Answered: true, Commit: commit(letter), Version: version, Request: w.o.Requested}
}

func (w *world) trouble(sentence string, invalid bool) {
	w.o.Git = source.Git{Answered: true, Trouble: sentence, Invalid: invalid, Request: w.o.Requested}
}

func (w *world) request(value string) { w.o.Requested, w.o.Git.Request = value, value }

// look is one pass: decide, create the Job, write the status.
func (w *world) look() source.Decision {
	w.now = w.now.Add(time.Second)
	d := source.Plan(w.o, w.now)
	w.create(d)
	w.o.Status = d.Status
	w.last = d
	return d
}

// crash is a pass that ends between its two writes.
func (w *world) crash() {
	w.now = w.now.Add(time.Second)
	w.create(source.Plan(w.o, w.now))
}

func (w *world) create(d source.Decision) {
	if b := d.Start; b != nil && w.job(b.Job) == nil {
		j := source.Job{Name: b.Job, Commit: b.Commit, Version: b.Version, Inputs: b.Inputs, Paths: d.StartPaths, Attempt: b.Attempt, Created: w.now, Pod: &source.Pod{}}
		w.o.Jobs, w.created = append(w.o.Jobs, j), append(w.created, j)
	}
}

func (w *world) job(name string) *source.Job {
	for i := range w.o.Jobs {
		if w.o.Jobs[i].Name == name {
			return &w.o.Jobs[i]
		}
	}
	return nil
}

// running is the Job that runs; nil: none does.
func (w *world) running() *source.Job {
	for i := range w.o.Jobs {
		if w.o.Jobs[i].State == source.Running {
			return &w.o.Jobs[i]
		}
	}
	return nil
}

// end lets the Job that runs end.
func (w *world) end(change func(*source.Job)) {
	j := w.running()
	w.now = w.now.Add(6 * time.Second)
	j.State, j.Ended = source.Failed, w.now
	change(j)
}

func (w *world) succeed() {
	w.end(func(j *source.Job) {
		j.State = source.Succeeded
		content := w.content[j.Commit[:1]]
		if content == "" {
			content = j.Commit[:1]
		}
		j.Pod = ended(source.StepPush, 0, fmt.Sprintf(`{"image":%q,"index":""}`, imageOf(content)))
	})
}

func (w *world) failIn(step, output string) {
	w.end(func(j *source.Job) { j.Pod = ended(step, 1, output) })
}

func (w *world) loseNode() {
	w.end(func(j *source.Job) { j.Pod = nil })
}

// ended is a pod whose containers up to one ended well, and that one with an exit code.
func ended(step string, exit int32, message string) *source.Pod {
	p := &source.Pod{Containers: []source.Container{{Name: source.StepEngine, Running: true}}}
	for _, name := range []string{source.StepBuild, source.StepTest, source.StepPush} {
		c := source.Container{Name: name}
		if name == step {
			c.Ended, c.Exit, c.Message = true, exit, message
			p.Containers = append(p.Containers, c)
			continue
		}
		if c.Ended = !has(p, step); c.Ended {
			c.Message = "#9 DONE"
		}
		p.Containers = append(p.Containers, c)
	}
	return p
}

// state is what people see, in one line each.
func (w *world) state() string {
	var out strings.Builder
	d := w.last
	if d.Silent {
		fmt.Fprintf(&out, "  (nothing is said)\n")
	} else {
		fmt.Fprintf(&out, "  ready %t %s: %s\n", d.Ready, d.Reason, d.Message)
	}
	if d.Start != nil {
		fmt.Fprintf(&out, "  starts %s, attempt %d\n", d.Start.Job, d.Start.Attempt)
	}
	st := w.o.Status
	if b := st.Building; b != nil {
		fmt.Fprintf(&out, "  building %s since %s\n", b.Job, b.Since.UTC().Format(time.TimeOnly))
	}
	if l := st.Latest; l != nil {
		fmt.Fprintf(&out, "  latest %.8s %s sha256:%.8s %d s\n", l.Commit, l.Version, strings.TrimPrefix(l.Image, repository+"@sha256:"), l.Seconds)
	}
	if f := st.Failed; f != nil {
		fmt.Fprintf(&out, "  failed %.8s %s %s, %d attempts: %q\n", f.Commit, f.Reason, f.Step, f.Attempts, f.Output)
	}
	return out.String()
}

func has(p *source.Pod, step string) bool {
	for _, c := range p.Containers {
		if c.Name == step {
			return true
		}
	}
	return false
}
