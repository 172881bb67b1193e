package plan

import (
	"fmt"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// withoutFrontDoor: the cluster cannot serve the front door that the spec asks for.
// Nothing goes and nothing comes until it can.
func (p *planner) withoutFrontDoor() bool {
	if p.o.FrontDoor.Missing == "" {
		return false
	}
	p.d.Frozen = true
	p.d.Candidate = p.running()
	p.say(v1alpha1.ReasonFrontDoorUnavailable, p.o.FrontDoor.Missing)
	return true
}

// progress says how far the confirmation of the last switch got.
func (f FrontDoor) progress() string {
	if f.Waiting != "" {
		return f.Waiting
	}
	return fmt.Sprintf("%d of %d replicas confirmed it", f.Confirmed, f.Ready)
}
