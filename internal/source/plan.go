package source

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Plan decides what a source needs now.
func Plan(o Observed, now time.Time) Decision {
	p := &planner{o: &o, now: now, inputs: Inputs(&o.Spec)}
	p.d.Status = *o.Status.DeepCopy()
	p.st = &p.d.Status
	p.st.ObservedGeneration = o.Generation
	if o.Git.Answered && o.Git.Commit != "" {
		p.st.Commit = o.Git.Commit
	}
	p.follow()
	p.decide()
	p.acknowledge()
	return p.d
}

type planner struct {
	o      *Observed
	now    time.Time
	inputs string
	d      Decision
	st     *v1alpha1.ShopSourceStatus // that of d
	// asked: a request for one more build of a commit that failed cannot be followed yet.
	asked bool
}

// follow records the end of each Job that ended, until one runs or none is left.
func (p *planner) follow() {
	for range len(p.o.Jobs) + 1 {
		j := p.current()
		if j == nil {
			return
		}
		if j.State == Running {
			p.st.Building = buildOf(j)
			return
		}
		p.st.Building = nil
		p.record(j)
	}
}

// current is the Job that the status names, else one that was created and whose status was not written.
func (p *planner) current() *Job {
	if b := p.st.Building; b != nil {
		for i := range p.o.Jobs {
			if p.o.Jobs[i].Name == b.Job {
				return &p.o.Jobs[i]
			}
		}
		return &Job{Name: b.Job, Commit: b.Commit, Version: b.Version, Inputs: b.Inputs, Attempt: b.Attempt, Created: b.Since.Time, State: Gone}
	}
	var found *Job
	for i := range p.o.Jobs {
		j := &p.o.Jobs[i]
		wanted := j.State == Running || (j.Commit == p.st.Commit && j.Inputs == p.inputs)
		if wanted && !p.recorded(j) && (found == nil || before(found, j)) {
			found = j
		}
	}
	return found
}

// before prefers the Job that runs, then the last attempt.
func before(a, b *Job) bool {
	if (a.State == Running) != (b.State == Running) {
		return b.State == Running
	}
	return a.Attempt < b.Attempt
}

// recorded tells whether the status holds how the Job ended.
func (p *planner) recorded(j *Job) bool {
	if j.State == Running {
		return false
	}
	return p.isLatest(j.Commit, j.Inputs) || (p.hasFailed(j.Commit, j.Inputs) && p.st.Failed.Attempts >= j.Attempt)
}

func (p *planner) isLatest(commit, inputs string) bool {
	l := p.st.Latest
	return l != nil && l.Commit == commit && l.Inputs == inputs
}

func (p *planner) hasFailed(commit, inputs string) bool {
	f := p.st.Failed
	return f != nil && f.Commit == commit && f.Inputs == inputs
}

// record takes up how a Job ended. A build of inputs that are no longer the spec's says nothing about the spec.
func (p *planner) record(j *Job) {
	if j.Inputs != p.inputs {
		return
	}
	v := judge(j, p.o.Spec.Image)
	if v.at.IsZero() {
		v.at = p.now
	}
	at := metav1.NewTime(v.at.Truncate(time.Second))
	if v.image != "" {
		p.st.Latest = &v1alpha1.BuiltImage{
			Commit: j.Commit, Version: j.Version, Inputs: j.Inputs, Image: v.image, At: at, Paths: j.Paths,
			Seconds: max(1, int32(v.at.Sub(j.Created)/time.Second)), // 0 says that nothing was built
		}
		p.st.Failed = nil
		return
	}
	p.st.Failed = &v1alpha1.FailedBuild{
		Commit: j.Commit, Inputs: j.Inputs, Reason: v.reason, Step: v.step, Job: j.Name, Attempts: j.Attempt, Output: v.output, At: at,
	}
}

func buildOf(j *Job) *v1alpha1.Build {
	return &v1alpha1.Build{
		Commit: j.Commit, Version: j.Version, Inputs: j.Inputs, Job: j.Name, Attempt: j.Attempt,
		Since: metav1.NewTime(j.Created.Truncate(time.Second)),
	}
}

// decide is the table of the package's comment.
func (p *planner) decide() {
	git := &p.o.Git
	switch {
	case p.o.Spec.Paused:
		p.say(v1alpha1.ReasonPaused, p.paused())
	case p.st.Building != nil:
		p.say(v1alpha1.ReasonBuilding, p.building())
	case len(p.o.Problems) > 0:
		p.say(v1alpha1.ReasonInvalidSource, p.problems())
	case !git.Answered:
		p.standing()
	case git.Trouble != "" && git.Invalid:
		p.say(v1alpha1.ReasonInvalidSource, git.Trouble+p.stands())
	case git.Trouble != "":
		p.say(v1alpha1.ReasonGitUnreachable, git.Trouble+p.stands())
	default:
		p.want(git.Commit, git.Version)
	}
}

// standing: Git was not asked yet, as after a start of the operator. What the status says of its commit still
// holds, unless something ended meanwhile.
func (p *planner) standing() {
	switch {
	case p.isLatest(p.st.Commit, p.inputs):
		p.upToDate()
	case p.hasFailed(p.st.Commit, p.inputs) && !p.goesOn():
		p.say(p.st.Failed.Reason, p.failure())
	default:
		p.d.Silent = true
	}
}

// want brings the source to a commit.
func (p *planner) want(commit, version string) {
	failed := p.hasFailed(commit, p.inputs)
	again := failed && p.isNewRequest()
	switch {
	case p.isLatest(commit, p.inputs):
		p.upToDate()
	case p.keeps():
		l := *p.st.Latest
		l.Commit, l.Version, l.Seconds = commit, version, 0
		p.st.Latest = &l
		p.upToDate()
	case failed && !again && !p.goesOn():
		p.say(p.st.Failed.Reason, p.failure())
	case failed && !again && p.pause() > 0:
		p.d.Wake = p.pause()
		p.say(p.st.Failed.Reason, p.failure())
	case p.o.Shop == "":
		p.asked = again
		p.say(v1alpha1.ReasonQueued, p.withoutShop(commit))
	case p.o.Busy != "":
		p.asked = again
		p.say(v1alpha1.ReasonQueued, p.behind(commit, "job/"+p.o.Busy+" builds"))
	case p.o.Before != "":
		p.asked = again
		p.say(v1alpha1.ReasonQueued, p.behind(commit, "ShopSource "+p.o.Before+" waited longer"))
	default:
		p.start(commit, version)
	}
}

// keeps: nothing that concerns the source changed since the image that it has.
func (p *planner) keeps() bool {
	l := p.st.Latest
	return l != nil && l.Inputs == p.inputs && l.Paths != "" && l.Paths == p.o.Git.Paths
}

// goesOn: the engine was lost, or Git was away from it, which is not the build's fault, so another Job is made by itself.
func (p *planner) goesOn() bool {
	switch f := p.st.Failed; f.Reason {
	case v1alpha1.ReasonEngineLost:
		return f.Attempts%mostAttempts != 0
	case v1alpha1.ReasonGitUnreachable:
		return f.Attempts%mostClones != 0
	}
	return false
}

func (p *planner) upToDate() {
	p.st.Failed = nil
	p.d.Ready = true
	p.say(v1alpha1.ReasonUpToDate, p.latest())
}

// start begins the next attempt. It is known by its Job's name before anything is written.
func (p *planner) start(commit, version string) {
	attempt := int32(1)
	if p.hasFailed(commit, p.inputs) {
		attempt = p.st.Failed.Attempts + 1
	}
	p.d.Start = &v1alpha1.Build{
		Commit: commit, Version: version, Inputs: p.inputs, Attempt: attempt,
		Job: JobName(p.o.Name, p.o.UID, commit, p.inputs, attempt), Since: metav1.NewTime(p.now.Truncate(time.Second)),
	}
	p.d.StartPaths = p.o.Git.Paths
	p.st.Building = p.d.Start.DeepCopy()
	p.say(v1alpha1.ReasonBuilding, p.building())
}

// isNewRequest: somebody asked since, and Git was asked for it.
func (p *planner) isNewRequest() bool {
	return p.o.Requested != "" && p.o.Requested != p.o.Status.RequestedAt && p.o.Git.Request == p.o.Requested
}

// acknowledge writes down the request that was followed: Git was asked for it, and a commit that had failed is
// tried once more, or had not failed.
func (p *planner) acknowledge() {
	if p.o.Git.Answered && p.isNewRequest() && !p.asked && !p.o.Spec.Paused && len(p.o.Problems) == 0 {
		p.st.RequestedAt = p.o.Requested
	}
}

func (p *planner) say(reason v1alpha1.Reason, message string) {
	p.d.Reason, p.d.Message = reason, message
}
