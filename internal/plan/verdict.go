package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// A service is judged for itself where it answered as many requests as a verdict needs, and
// where it answered few, but hardly any well: one that takes 3 % of the traffic and fails
// altogether would stay below any limit of the whole shop.
const (
	fewRequests   = 20
	mostlyPercent = 50
	// baseline is how many requests the release before must have answered to be a measure.
	baseline = 20
)

// verdict is what the counts say of a release; said is empty where nothing is broken.
type verdict struct {
	said     string
	services []string // that broke it; empty: not known
}

// verdict judges what the front door counted.
func (p *planner) verdict(r Release, open *frontdoor.Guard) verdict {
	g, c := p.o.Policy.Guard, p.o.FrontDoor.Counts
	if g == nil || !p.now.Before(open.Until) {
		return verdict{}
	}
	p.wakeAt(open.Until)
	before := frontdoor.Counts{}
	if c.Before != nil {
		before = *c.Before
	}
	v := verdict{services: p.brokenServices(c, before)}
	switch {
	case c.Requests >= g.MinRequests && exceeds(c, before, g.MaxErrorPercent):
		v.said = fmt.Sprintf("release %s broke the guard: %d of %d responses were errors (%s%s, at most %d %% may be)",
			r.Name, c.Errors, c.Requests, percent(c.Errors, c.Requests), compared(before), g.MaxErrorPercent)
	case c.Requests >= g.MinRequests && open.Slow > 0 && c.Slow*100 > c.Requests:
		v.said = fmt.Sprintf("release %s broke the guard: %d of %d responses took longer than %s (%s, at most 1 %% may)",
			r.Name, c.Slow, c.Requests, open.Slow.Round(time.Millisecond), percent(c.Slow, c.Requests))
	case len(v.services) > 0:
		s := c.Services[v.services[0]]
		v.said = fmt.Sprintf("release %s broke the guard: %d of %d responses of %s were errors (%s%s, at most %d %% may be)",
			r.Name, s.Errors, s.Requests, strings.Join(v.services, ", "), percent(s.Errors, s.Requests), compared(before.Services[v.services[0]]), g.MaxErrorPercent)
	}
	return v
}

// brokenServices names the services that break the limit by themselves.
func (p *planner) brokenServices(c, before frontdoor.Counts) (out []string) {
	g := p.o.Policy.Guard
	for _, name := range sortedKeys(c.Services) {
		s, was := c.Services[name], before.Services[name]
		enough := s.Requests >= g.MinRequests
		broken := s.Requests >= min(g.MinRequests, fewRequests) && s.Errors*100 >= mostlyPercent*s.Requests
		if (enough || broken) && exceeds(s, was, g.MaxErrorPercent) {
			out = append(out, name)
		}
	}
	return out
}

// exceeds tells whether the share of errors is above the limit by more than it was before: what
// was broken before the switch is no fault of the release.
func exceeds(c, before frontdoor.Counts, most int32) bool {
	if most < 0 || c.Requests == 0 {
		return false
	}
	limit := float64(most)
	if before.Requests >= baseline {
		limit += 100 * float64(before.Errors) / float64(before.Requests)
	}
	return 100*float64(c.Errors) > limit*float64(c.Requests)
}

func compared(before frontdoor.Counts) string {
	if before.Requests < baseline || before.Errors == 0 {
		return ""
	}
	return ", " + percent(before.Errors, before.Requests) + " before the switch"
}

func percent(part, whole int64) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}
