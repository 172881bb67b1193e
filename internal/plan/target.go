package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// target is the release that shall be prepared next to the active one, or that
// shall replace it.
type target struct {
	release string
	// cut: it is the content's release and has no ShopRelease yet.
	cut bool
	// approved: it may go live as soon as it is ready.
	approved bool
	// hold: there is no target; keep what is there, for this reason.
	hold    v1alpha1.Reason
	message string
	wake    time.Duration
}

// chooseTarget answers what the spec asks for.
func (o *Observed) chooseTarget(now time.Time) target {
	if pin := o.Policy.Pin; pin != "" {
		if t, decided := o.pinned(pin); decided {
			return t
		}
	}
	return o.wanted(now)
}

// pinned follows a pin. Where it leaves something open, the content is followed: under
// Manual promotion a pin that is fulfilled lets the next candidate come up and wait,
// and a pin may name a release that is about to be cut.
func (o *Observed) pinned(pin string) (target, bool) {
	r, ok := o.find(func(r Release) bool { return r.Name == pin || (r.Version != "" && r.Version == pin) })
	switch {
	case ok && r.Name == o.Table.Active:
		return target{release: r.Name, approved: true}, !o.Policy.Manual
	case ok:
		return target{release: r.Name, approved: true}, true
	case o.pins(o.Content.Release, o.Content.Version):
		return target{}, false
	}
	return target{hold: v1alpha1.ReasonRollbackRefused, message: fmt.Sprintf(
		"spec.release.active names %s, of which no ShopRelease is left; name one of: %s, or clear it", pin, o.knownReleases())}, true
}

// wanted follows the content of the services.
func (o *Observed) wanted(now time.Time) target {
	c := o.Content
	approved := !o.Policy.Manual || o.Table.Active == "" || o.pins(c.Release, c.Version)
	if v := o.Policy.Version; v != "" {
		if r, ok := o.find(func(r Release) bool { return r.Version == v }); ok {
			return target{release: r.Name, approved: approved || o.isPrevious(r.Name)}
		}
	}
	if _, exists := o.release(c.Release); exists && len(c.Problems) == 0 {
		return target{release: c.Release, approved: approved || o.isPrevious(c.Release)}
	}
	if t, unsettled := o.settling(now); unsettled {
		return t
	}
	if t, building := o.building(now); building {
		return t
	}
	if len(c.Problems) > 0 {
		return target{hold: v1alpha1.ReasonInvalidServices, message: strings.Join(c.Problems, "; ")}
	}
	return target{release: c.Release, cut: true, approved: approved}
}

// mostSettles is after how many quiet times a release is cut although changes keep coming.
const mostSettles = 10

// settling: the services have not been quiet. It also keeps objects of one `kubectl apply`,
// which come one after the other, from being called invalid on the way.
func (o *Observed) settling(now time.Time) (target, bool) {
	c := o.Content
	left := o.settledAt().Sub(now)
	if left <= 0 {
		return target{}, false
	}
	message := fmt.Sprintf("services changed; release %s is cut when they were quiet for %s", c.Release, o.Policy.Settle)
	if o.settledAt().Before(c.Since.Add(o.Policy.Settle)) {
		message = fmt.Sprintf("services keep changing; release %s is cut at %s all the same", c.Release, now.Add(left).UTC().Format(time.RFC3339))
	}
	return target{hold: v1alpha1.ReasonSettling, wake: left, message: message}, true
}

// settledAt is when a release is cut: after the quiet time, and after ten of them at the latest.
func (o *Observed) settledAt() time.Time {
	quiet := o.Content.Since.Add(o.Policy.Settle)
	if latest := o.Content.Began.Add(mostSettles * o.Policy.Settle); !o.Content.Began.IsZero() && latest.Before(quiet) {
		return latest
	}
	return quiet
}

// changedAt is when content was first seen that is in no release yet.
func (c Content) changedAt() time.Time {
	if c.Began.IsZero() {
		return c.Since
	}
	return c.Began
}

// building: services that were committed together are one release, so none is cut while a source of the shop builds.
// No longer than the source's timeout: a branch that never rests holds nobody else's change for ever.
func (o *Observed) building(now time.Time) (target, bool) {
	c := o.Content
	began := c.changedAt()
	var names []string
	var left time.Duration
	for _, b := range c.Building {
		if of := began.Add(b.Timeout).Sub(now); of > 0 {
			names = append(names, fmt.Sprintf("%s (commit %.8s)", b.Name, b.Commit))
			left = max(left, of)
		}
	}
	if len(names) == 0 {
		return target{}, false
	}
	message := fmt.Sprintf("a release is cut when what is being built is there, or at %s without it: ShopSource %s",
		now.Add(left).UTC().Format(time.RFC3339), strings.Join(names, ", "))
	return target{hold: v1alpha1.ReasonBuilding, wake: left, message: message}, true
}

// pins tells whether spec.release.active names a release, by name or version.
func (o *Observed) pins(release, version string) bool {
	pin := o.Policy.Pin
	return pin != "" && (pin == release || pin == version)
}

// isPrevious: going back to a stack that still runs was approved when it first went
// live. Where a release is pinned, only the pin approves: else the two would take turns.
func (o *Observed) isPrevious(name string) bool {
	return o.Policy.Pin == "" && o.servedBefore(name)
}

// servedBefore tells whether a stack that runs is the one that served before the active
// one. A release that was deleted and cut anew since then is another.
func (o *Observed) servedBefore(name string) bool {
	return o.recordedBefore(name) && o.runs(name)
}

// recordedBefore: as servedBefore, whether anything of the stack still runs or not.
func (o *Observed) recordedBefore(name string) bool {
	s := o.Table.Switch
	r, known := o.release(name)
	same := known && s != nil && (s.FromUID == "" || s.FromUID == r.UID)
	return same && s.From == name && name != o.Table.Active
}

func (o *Observed) knownReleases() string {
	var names []string
	for _, r := range o.Releases {
		name := r.Name
		if r.Version != "" {
			name += " (" + r.Version + ")"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
