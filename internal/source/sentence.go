package source

import (
	"fmt"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// podWithin is how soon a Job has a pod where nothing refuses it.
const podWithin = time.Minute

func (p *planner) latest() string {
	l := p.st.Latest
	out := fmt.Sprintf("commit %s is %s as %s", short(l.Commit), l.Image, l.Version)
	if TestStage(&p.o.Spec) == "" {
		out += "; it was not tested: spec.test.stage is None"
	}
	return out
}

// stands says what services are released with meanwhile.
func (p *planner) stands() string {
	l := p.st.Latest
	if l == nil {
		return ""
	}
	return fmt.Sprintf("; version %s of commit %s stands", l.Version, short(l.Commit))
}

func (p *planner) paused() string {
	out := "spec.paused is true: Git is not asked and nothing is built"
	if b := p.st.Building; b != nil {
		out += fmt.Sprintf(", but for job/%s, which ends", b.Job)
	}
	return out + p.stands()
}

func (p *planner) problems() string {
	return strings.Join(p.o.Problems, "; ") + p.stands()
}

// building names the Job and how to watch it. What keeps it from going on is told: a pod that cannot be
// made says nothing of itself.
func (p *planner) building() string {
	b := p.st.Building
	out := fmt.Sprintf("commit %s is built as %s", short(b.Commit), b.Version)
	if b.Attempt > 1 {
		out += fmt.Sprintf(", attempt %d", b.Attempt)
	}
	if p.st.Commit != b.Commit && (p.o.Git.Commit != "" || b.Inputs == p.inputs) { // an operator that starts says what the one before said
		out += fmt.Sprintf("; commit %s is next", short(p.st.Commit))
	}
	out += fmt.Sprintf("; kubectl -n %s logs -f job/%s --all-containers", p.o.Namespace, b.Job)
	j := p.job(b.Job)
	switch {
	case j == nil:
	case j.Pod != nil && j.Pod.Trouble != "":
		out += "; its pod does not start: " + MessageOf(j.Pod.Trouble)
	case j.Pod == nil && p.now.Sub(j.Created) >= podWithin:
		out += fmt.Sprintf("; it has no pod yet: kubectl -n %s describe job/%s tells why", p.o.Namespace, b.Job)
	case j.Pod == nil:
		p.d.Wake = podWithin - p.now.Sub(j.Created)
	}
	return out
}

func (p *planner) job(name string) *Job {
	for i := range p.o.Jobs {
		if p.o.Jobs[i].Name == name {
			return &p.o.Jobs[i]
		}
	}
	return nil
}

func (p *planner) withoutShop(commit string) string {
	return fmt.Sprintf("commit %s waits for a Shop in namespace %s, which builds it: create one, or a ShopService whose spec.imageFrom.source is %s",
		short(commit), p.o.Namespace, p.o.Name) + p.stands()
}

func (p *planner) behind(commit, whom string) string {
	return fmt.Sprintf("commit %s waits for its turn in slot %d of Shop %s: %s; spec.builds.slots of the Shop lets more build at the same time",
		short(commit), p.o.Slot, p.o.Shop, whom) + p.stands()
}

// what says in the words of a person what a reason means.
var what = map[v1alpha1.Reason]string{
	v1alpha1.ReasonBuildFailed: "the build failed",
	v1alpha1.ReasonTestsFailed: "tests failed",
	v1alpha1.ReasonPushFailed:  "the push failed",
	v1alpha1.ReasonOutOfMemory: "the build or its tests needed more memory than spec.resources.limits.memory",
	v1alpha1.ReasonTimedOut:    "it did not end within spec.timeout",
	v1alpha1.ReasonEngineLost:  "its engine or pod was lost",

	v1alpha1.ReasonGitUnreachable: "the build could not fetch it, because the Git host or the network was away",
}

// failure names the commit, what failed of it, where to read more, and what to do where that is not another commit.
func (p *planner) failure() string {
	f := p.st.Failed
	out := fmt.Sprintf("commit %s: %s", short(f.Commit), what[f.Reason])
	switch {
	case strings.Contains(f.Output, "target stage") && f.Step == StepTest:
		out = fmt.Sprintf("commit %s: %s has no stage %s, by which commits are tested; add it, or set spec.test.stage to another, or to None",
			short(f.Commit), Dockerfile(&p.o.Spec), TestStage(&p.o.Spec))
	case p.goesOn():
		out += fmt.Sprintf(" at attempt %d; it is tried again by itself", f.Attempts)
	case f.Reason == v1alpha1.ReasonEngineLost, f.Reason == v1alpha1.ReasonGitUnreachable:
		out += fmt.Sprintf(" in %d attempts", f.Attempts)
	}
	if f.Job != "" && f.Step != "" {
		out += fmt.Sprintf("; kubectl -n %s logs job/%s -c %s", p.o.Namespace, f.Job, f.Step)
	}
	if f.Reason != v1alpha1.ReasonTestsFailed && !p.goesOn() {
		out += "; once more: " + p.retry()
	}
	return out + p.stands()
}

func (p *planner) retry() string {
	return fmt.Sprintf(`kubectl -n %s annotate shopsource %s %s="$(date +%%s)" --overwrite`, p.o.Namespace, p.o.Name, v1alpha1.AnnotationRequestedAt)
}
