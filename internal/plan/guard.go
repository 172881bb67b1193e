package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// guardOf returns what a switch asks the front door to count. A way back is not
// watched, and neither is the first release: there is nothing to go back to.
func (p *planner) guardOf() *frontdoor.Guard {
	g := p.o.Policy.Guard
	if g == nil || p.goingBack || p.o.Table.Active == "" {
		return nil
	}
	return &frontdoor.Guard{Until: p.now.Add(g.Window), Slow: g.MaxLatencyP99}
}

// guardGoesBack switches back to the previous stack when the active release broke
// the guard, or was rejected by a pass that died before it could switch.
func (p *planner) guardGoesBack() bool {
	g, s := p.o.Table.Guard, p.o.Table.Switch
	active, known := p.o.release(p.o.Table.Active)
	if !known || g == nil || s == nil {
		return false
	}
	verdict := active.Rejected
	if verdict == "" {
		verdict = p.verdict(active, g)
	}
	if verdict == "" {
		return false
	}
	return p.goBack(active, s.From, verdict)
}

// goBack goes to a stack that is proven healthy now, or says why it cannot.
func (p *planner) goBack(active Release, previous, verdict string) bool {
	r, known := p.o.release(previous)
	_, behind := p.o.behind(r)
	if !known || p.d.Previous != previous || behind || !p.o.readiness(r).all() {
		if active.Rejected == "" {
			p.d.Rejected, p.d.Verdict = active.Name, verdict+"; it serves on, since no healthy stack is left to go back to"
		}
		return false
	}
	p.goingBack = true
	p.d.Rejected, p.d.Verdict = active.Name, verdict
	p.switchTo(r)
	p.say(v1alpha1.ReasonGuardBroken, verdict+"; the front door goes back to "+r.Name)
	return true
}

// verdict judges what the front door counted; empty: nothing is broken.
func (p *planner) verdict(r Release, open *frontdoor.Guard) string {
	g, c := p.o.Policy.Guard, p.o.FrontDoor.Counts
	if g == nil || !p.now.Before(open.Until) {
		return ""
	}
	p.wakeAt(open.Until)
	switch {
	case c.Requests < g.MinRequests:
	case g.MaxErrorPercent >= 0 && c.Errors*100 > int64(g.MaxErrorPercent)*c.Requests:
		return fmt.Sprintf("release %s broke the guard: %d of %d responses were errors (%s, at most %d %% may be)",
			r.Name, c.Errors, c.Requests, percent(c.Errors, c.Requests), g.MaxErrorPercent)
	case open.Slow > 0 && c.Slow*100 > c.Requests:
		return fmt.Sprintf("release %s broke the guard: %d of %d responses took longer than %s (%s, at most 1 %% may)",
			r.Name, c.Slow, c.Requests, open.Slow.Round(time.Millisecond), percent(c.Slow, c.Requests))
	}
	return ""
}

func percent(part, whole int64) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// behind tells whether an irreversible migration ran that the release does not know,
// and of which release it was.
func (o *Observed) behind(r Release) (Release, bool) {
	return o.find(func(other Release) bool {
		older := other.IrreversibleSince.After(r.CreatedAt) || (!other.IrreversibleSince.IsZero() && slices.Contains(other.LeftBehind, r.Name))
		return other.Name != r.Name && older && other.migratedPast(r)
	})
}

// leftBehindLimit keeps the list within an annotation; the newest names are kept.
const leftBehindLimit = 500

// leftBehindBy names the releases that are older than an irreversible migration which
// starts now, those of earlier ones after them.
func (o *Observed) leftBehindBy(release string) (names []string) {
	var earlier []string
	for _, r := range o.Releases {
		if r.Name != release {
			names = append(names, r.Name)
		}
		earlier = append(earlier, r.LeftBehind...)
	}
	slices.Sort(names)
	slices.Sort(earlier)
	for _, name := range slices.Compact(earlier) {
		if name != release && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names[:min(len(names), leftBehindLimit)]
}

// lastIrreversible names the release that ran the latest irreversible migration; "": none did.
func (o *Observed) lastIrreversible() string {
	var last Release
	for _, r := range o.Releases {
		if r.IrreversibleSince.After(last.IrreversibleSince) {
			last = r
		}
	}
	return last.Name
}

func (r Release) migratedPast(older Release) bool {
	identities := map[string]string{}
	for _, s := range older.Services {
		if s.Migration != nil {
			identities[s.Name] = s.Migration.Identity
		}
	}
	for _, s := range r.Services {
		if m := s.Migration; m != nil && m.Irreversible && identities[s.Name] != m.Identity {
			return true
		}
	}
	return false
}

func (p *planner) refusedAsBehind(r Release) bool {
	past, behind := p.o.behind(r)
	if !behind {
		return false
	}
	p.hold(target{hold: v1alpha1.ReasonRollbackRefused, message: fmt.Sprintf(
		"release %s cannot serve: release %s ran an irreversible migration after it; ship a release that goes forward, or, where you restored the data, remove the annotation %s from ShopRelease %s",
		r.Name, past.Name, v1alpha1.AnnotationIrreversibleSince, past.Name)})
	return true
}
