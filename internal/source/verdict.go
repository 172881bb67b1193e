package source

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// verdict is what a Job's end means.
type verdict struct {
	// image that was pushed; "": the build failed.
	image  string
	reason v1alpha1.Reason
	// step is the container that failed.
	step   string
	output string
	at     time.Time
}

// mostAttempts is how many Jobs a commit gets whose engine is lost each time.
const mostAttempts = 3

// judge tells how a Job ended. What the cluster did to it counts as lost: it says nothing about the commit.
func judge(j *Job, image string) verdict {
	v := verdict{reason: v1alpha1.ReasonEngineLost, at: j.Ended}
	switch p := j.Pod; {
	case j.State == Gone:
		v.output = "the Job was deleted before it ended"
	case p == nil && j.Deadline:
		v.reason, v.output = v1alpha1.ReasonTimedOut, "the Job got no pod that ran; kubectl describe job tells why"
	case p == nil:
		v.output = "the pod was deleted"
	case j.State == Succeeded:
		v.pushed(p, image)
	case outOfMemory(p) != nil:
		c := outOfMemory(p)
		v.reason, v.step, v.at = v1alpha1.ReasonOutOfMemory, c.Name, timeOf(c.At, v.at)
		v.output = said(p)
	case p.Deadline || j.Deadline:
		v.reason, v.step, v.output = v1alpha1.ReasonTimedOut, unfinished(p), trouble(p)
	case p.Lost != "":
		v.output = "the pod was lost: " + p.Lost
	default:
		v.failed(p)
	}
	return v
}

// pushed reads what push left behind. A digest that nobody can read any more is built once more: the same
// content gives the same one.
func (v *verdict) pushed(p *Pod, image string) {
	c := p.container(StepPush)
	if c == nil || !c.Ended {
		v.output = "the pod ended before it could be read what was pushed"
		return
	}
	if v.at = timeOf(c.At, v.at); c.Message == "" {
		v.output = "the pod left no word of what was pushed"
		return
	}
	pushed, err := imageOf(c.Message, image)
	if err != nil {
		v.reason, v.step, v.output = v1alpha1.ReasonPushFailed, StepPush, err.Error()
		return
	}
	v.reason, v.image, v.output = "", pushed, ""
}

var digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// imageOf reads the last line of push: the image, with its digest, in the repository of the source and no other.
func imageOf(message, repository string) (string, error) {
	lines := strings.Split(strings.TrimSpace(message), "\n")
	var said struct {
		Image string `json:"image"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &said); err != nil {
		return "", fmt.Errorf("push ended well and named no image: %s", MessageOf(message))
	}
	is, ok := strings.CutPrefix(said.Image, repository+"@")
	if !ok || !digest.MatchString(is) {
		return "", fmt.Errorf("push names %q, which is no digest in %s", MessageOf(said.Image), repository)
	}
	return said.Image, nil
}

// failed tells which container failed: it is the reason.
func (v *verdict) failed(p *Pod) {
	i := slices.IndexFunc(p.Containers, func(c Container) bool { return isStep(c.Name) && c.Ended && c.Exit != 0 })
	if i < 0 {
		v.output = "the pod ended, and none of its containers failed"
		return
	}
	c := &p.Containers[i]
	v.step, v.output, v.at = c.Name, MessageOf(c.Message), timeOf(c.At, v.at)
	switch last := lastError(c.Message); {
	case c.Name == StepPush:
		v.reason = v1alpha1.ReasonPushFailed
	case c.Name == StepFetch && c.Exit == FetchAway:
		v.reason = v1alpha1.ReasonGitUnreachable
	case killed.MatchString(last):
		v.reason = v1alpha1.ReasonOutOfMemory
	case engineLost.MatchString(last) && !strings.Contains(last, commandFailed):
		v.reason = v1alpha1.ReasonEngineLost
	case hostAway(c.Message):
		v.reason = v1alpha1.ReasonGitUnreachable
	case c.Name == StepTest:
		v.reason = v1alpha1.ReasonTestsFailed
	default:
		v.reason = v1alpha1.ReasonBuildFailed
	}
}

// FetchAway is the exit code of fetch where the server of the artifact is away, which is no fault of the commit.
const FetchAway = 3

func isStep(name string) bool {
	return name == StepGitAuth || name == StepFetch || name == StepBuild || name == StepTest || name == StepPush
}

// outOfMemory is the container that was killed for its memory; nil: none was. RUN runs in the engine's.
func outOfMemory(p *Pod) *Container {
	for i := range p.Containers {
		if p.Containers[i].OutOfMemory {
			return &p.Containers[i]
		}
	}
	return nil
}

// unfinished is the container that ran when time was up.
func unfinished(p *Pod) string {
	for _, c := range p.Containers {
		if isStep(c.Name) && (!c.Ended || c.Exit != 0) {
			return c.Name
		}
	}
	return ""
}

// said is what the step said last that was under way.
func said(p *Pod) string {
	if c := p.container(unfinished(p)); c != nil {
		return MessageOf(c.Message)
	}
	return ""
}

func trouble(p *Pod) string {
	if p.Trouble != "" {
		return MessageOf(p.Trouble)
	}
	return said(p)
}

func (p *Pod) container(name string) *Container {
	for i := range p.Containers {
		if p.Containers[i].Name == name {
			return &p.Containers[i]
		}
	}
	return nil
}

// timeOf prefers the time of a container to that of the whole Job.
func timeOf(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}
