package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// unconfirmedAfter is how long a switch may wait for its confirmation before somebody has to
// look: replicas confirm within milliseconds, and a report is at most some seconds old.
const unconfirmedAfter = 5 * time.Minute

// withoutFrontDoor: the cluster cannot serve the front door that the spec asks for.
// Nothing goes and nothing comes until it can.
func (p *planner) withoutFrontDoor() bool {
	if p.o.FrontDoor.Missing == "" {
		return false
	}
	p.d.Frozen = true
	p.keepCandidate(p.marked())
	p.say(v1alpha1.ReasonFrontDoorUnavailable, p.o.FrontDoor.Missing)
	return true
}

// notFollowed: the front door does not route by the last switch, or does not route at all.
func (p *planner) notFollowed(r Release) bool {
	f, s := p.o.FrontDoor, p.o.Table.Switch
	if s == nil || f.AllConfirmed() || (f.ConfirmedBefore && f.Ready > 0) {
		return false
	}
	late := s.At.Add(unconfirmedAfter)
	switch {
	case f.Ready == 0 && f.Trouble != "":
		p.say(v1alpha1.ReasonFrontDoorUnavailable, fmt.Sprintf("release %s is to serve, but no replica of the front door is ready: %s", r.Name, f.Trouble))
	case f.Ready == 0 && f.Waiting == "":
		p.say(v1alpha1.ReasonSwitching, fmt.Sprintf("the front door names %s; no replica of it is ready yet", r.Name))
	case p.now.Before(late) || f.Waiting != "":
		p.wakeAt(late)
		p.say(v1alpha1.ReasonSwitching, fmt.Sprintf("the front door names %s; %s", r.Name, f.progress()))
	default:
		p.say(v1alpha1.ReasonFrontDoorUnavailable, fmt.Sprintf(
			"the front door names %s since %s, but %s; its previous stack is kept until they do: look at the log of %s, or delete the pod",
			r.Name, s.At.UTC().Format(time.RFC3339), f.progress(), strings.Join(f.Unconfirmed, ", ")))
	}
	return true
}

// progress says how far the confirmation of the last switch got.
func (f FrontDoor) progress() string {
	if f.Waiting != "" {
		return f.Waiting
	}
	return fmt.Sprintf("%d of %d replicas confirmed it", f.Confirmed, f.Ready)
}
