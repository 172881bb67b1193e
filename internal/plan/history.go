package plan

import (
	"slices"
	"time"
)

// beyondHistory names the ShopReleases that play no part any more and are older
// than the newest HistoryLimit of their kind. The last irreversible migration is
// remembered by its release, which stays.
func (p *planner) beyondHistory() []string {
	if p.d.Frozen {
		return nil
	}
	irreversible := p.o.lastIrreversible()
	var idle []Release
	for _, r := range p.o.Releases {
		if r.Name != irreversible && !p.inUse(r) {
			idle = append(idle, r)
		}
	}
	slices.SortFunc(idle, func(a, b Release) int {
		return compareNewest(a.CreatedAt, b.CreatedAt, a.Name, b.Name)
	})
	var drop []string
	for _, r := range idle[min(len(idle), p.o.Policy.HistoryLimit):] {
		drop = append(drop, r.Name)
	}
	return drop
}

// inUse tells whether a release plays a part. The one that served before the active one does, also when its stack is gone: it
// is what one goes back to, however many candidates came to nothing since it was cut.
func (p *planner) inUse(r Release) bool {
	_, runs := p.d.Role(r.Name)
	s := p.o.Table.Switch
	return runs || p.d.Kept(r.Name) || p.isWarning(r) || (s != nil && r.Name == s.From) || p.o.runs(r.Name) || r.Name == p.d.Table.Active || r.Name == p.d.Candidate ||
		r.Name == p.o.Content.Release || (p.o.Policy.Pin != "" && (r.Name == p.o.Policy.Pin || r.Version == p.o.Policy.Pin))
}

// isWarning: the release says of a service that the content still holds that it broke the guard.
func (p *planner) isWarning(r Release) bool {
	return r.Rejected != "" && slices.ContainsFunc(r.Services, func(s Service) bool {
		return s.Identity != "" && s.Identity == p.o.Content.Services[s.Name] && slices.Contains(r.RejectedServices, s.Name)
	})
}

func compareNewest(a, b time.Time, nameA, nameB string) int {
	if c := b.Compare(a); c != 0 {
		return c
	}
	if nameA < nameB {
		return -1
	}
	return 1
}
