package plan

import (
	"fmt"
	"slices"
	"strings"

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
	v := verdict{said: active.Rejected}
	if v.said == "" {
		v = p.verdict(active, g)
	}
	if v.said == "" {
		return false
	}
	return p.goBack(active, s.From, v)
}

// brokenGuard says what a pause keeps from happening.
func (p *planner) brokenGuard() string {
	active, known := p.o.release(p.o.Table.Active)
	if g := p.o.Table.Guard; known && g != nil && active.Rejected == "" {
		if v := p.verdict(active, g); v.said != "" {
			return fmt.Sprintf("; release %s breaks the guard, and nothing goes back from it meanwhile", active.Name)
		}
	}
	return ""
}

// goBack goes to a stack that is proven healthy now, or says why it cannot.
func (p *planner) goBack(active Release, previous string, v verdict) bool {
	r, known := p.o.release(previous)
	_, behind := p.o.behind(r)
	suspects := p.o.suspects(active, r, v.services, p.o.FrontDoor.Counts)
	if !known || p.d.Previous != previous || behind || !p.readiness(r).all() {
		if active.Rejected == "" {
			p.d.Rejected, p.d.RejectedServices = active.Name, suspects
			p.d.Verdict = v.said + "; it serves on, since no healthy stack is left to go back to"
		}
		return false
	}
	p.goingBack = true
	if active.Rejected == "" {
		p.d.Rejected, p.d.Verdict, p.d.RejectedServices = active.Name, v.said, suspects
	}
	p.switchTo(r)
	p.say(v1alpha1.ReasonGuardBroken, v.said+"; the front door goes back to "+r.Name)
	return true
}

// suspects are the services that a verdict can be about: of those that the release changed, the
// ones that broke it by themselves; else those that answered with errors, and what they depend on;
// else all of them.
func (o *Observed) suspects(active, before Release, broken []string, c frontdoor.Counts) []string {
	was := before.identities()
	failing := map[string]bool{}
	for _, s := range active.Services {
		if n := c.Services[s.Name]; n.Errors > 0 || n.Slow > 0 {
			failing[s.Name] = true
			for _, dep := range s.DependsOn {
				failing[dep] = true
			}
		}
	}
	var changed, failed, broke []string
	for _, s := range active.Services {
		if was[s.Name] == s.Identity && s.Identity != "" {
			continue
		}
		changed = append(changed, s.Name)
		if failing[s.Name] {
			failed = append(failed, s.Name)
		}
		if slices.Contains(broken, s.Name) {
			broke = append(broke, s.Name)
		}
	}
	for _, known := range [][]string{broke, failed} {
		if len(known) > 0 {
			return known
		}
	}
	return changed
}

func (r Release) identities() map[string]string {
	out := make(map[string]string, len(r.Services))
	for _, s := range r.Services {
		out[s.Name] = s.Identity
	}
	return out
}

// holdsWhatWasRejected: the target brings a service again for which the guard went back from an
// earlier release. Another team's change is no reason to try it again; whoever names the release can.
func (p *planner) holdsWhatWasRejected(t target) bool {
	holds, version := p.o.Content.Services, p.o.Content.Version
	r, known := p.o.release(t.release)
	if known {
		holds, version = r.identities(), r.Version
	}
	if p.o.pins(t.release, version) || p.o.servedBefore(t.release) || p.o.Table.Active == "" {
		return false
	}
	active, _ := p.o.release(p.o.Table.Active)
	serves := active.identities()
	for _, rejected := range p.o.Releases {
		again := again(rejected, holds, serves)
		if rejected.Rejected == "" || rejected.Name == t.release || len(again) == 0 {
			continue
		}
		p.hold(target{hold: v1alpha1.ReasonGuardBroken, message: fmt.Sprintf(
			"release %s is not shipped, since it holds %s as in release %s: %s; change %s, or ship it all the same: set spec.release.active to %s",
			t.release, strings.Join(again, ", "), rejected.Name, rejected.Rejected, strings.Join(again, ", "), t.release)})
		p.d.Cut = t.cut // so that there is something to name
		return true
	}
	return false
}

// again returns the services for which a release was rejected, that are held as they were in it,
// and that do not serve.
func again(rejected Release, holds, serves map[string]string) (out []string) {
	was := rejected.identities()
	for _, name := range rejected.RejectedServices {
		if id := was[name]; id != "" && id == holds[name] && id != serves[name] {
			out = append(out, name)
		}
	}
	return out
}

// leftBehindLimit keeps the list within an annotation; the newest names are kept.
const leftBehindLimit = 500

// behind tells whether an irreversible migration ran that the release does not know,
// and of which release it was. Who was there before it is known by name: clocks may differ. Only
// where the list is full, or of an older operator, the times are asked.
func (o *Observed) behind(r Release) (Release, bool) {
	return o.find(func(other Release) bool {
		if other.Name == r.Name || other.IrreversibleSince.IsZero() || !other.migratedPast(r) {
			return false
		}
		full := len(other.LeftBehind) == 0 || len(other.LeftBehind) >= leftBehindLimit
		return slices.Contains(other.LeftBehind, r.Name) || (full && other.IrreversibleSince.After(r.CreatedAt))
	})
}

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
