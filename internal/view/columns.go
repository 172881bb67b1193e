package view

import (
	"cmp"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// columnRoles is the order of the columns.
var columnRoles = [3]Role{Active, Candidate, Previous}

func (m *model) columns() []Column {
	out := []Column{{Role: Active}, {Role: Candidate}, {Role: Previous}}
	for i, name := range m.named() {
		c := &out[i]
		if c.Release = name; name == "" {
			continue
		}
		if r := m.release(name); r != nil {
			c.Version = r.Spec.Version
		}
		c.By = m.by(name, c.Role)
	}
	if a := m.Shop.Status.Active; a != nil {
		out[0].Since, out[0].Version = timeOf(a.Since), cmp.Or(out[0].Version, a.Version)
	}
	if c := m.Shop.Status.Candidate; c != nil {
		out[1].Since, out[1].Version, out[1].Until = timeOf(c.Since), cmp.Or(out[1].Version, c.Version), m.candidateEnds()
	}
	if p := m.Shop.Status.Previous; p != nil {
		out[2].Until = timeOf(p.RetiresAt)
	}
	return out
}

// by says who let a release serve, or how it came to; of a candidate, how it was cut.
func (m *model) by(name string, role Role) string {
	if role == Candidate {
		return "automatic cut"
	}
	for _, s := range slices.Backward(m.Shop.Status.Recent) {
		if s.To == name {
			return cmp.Or(s.By, causes[s.Cause])
		}
	}
	return ""
}

// causes in words, where nobody's name is known.
var causes = map[v1alpha1.Cause]string{
	v1alpha1.CauseFirst: "the first release", v1alpha1.CauseAutomatic: "automatic promotion", v1alpha1.CauseApproved: "an approval",
	v1alpha1.CausePinned: "a pin", v1alpha1.CauseReverted: "a revert", v1alpha1.CauseGuard: "the guard",
}

// frontDoor counts the front door's replicas by its Deployment. A shop of type GatewayAPI has none of its own.
func (m *model) frontDoor() Replicas {
	for i := range m.Deployments {
		d := &m.Deployments[i]
		if d.Labels[frontdoor.LabelShop] == m.Shop.Name && d.Labels[frontdoor.LabelComponent] == frontdoor.ComponentFrontDoor {
			wanted := int32(1)
			if d.Spec.Replicas != nil {
				wanted = *d.Spec.Replicas
			}
			return Replicas{Known: true, Ready: d.Status.ReadyReplicas, Wanted: wanted}
		}
	}
	return Replicas{}
}

// behind names the release whose irreversible migration closed the way back to a release; "": it is open.
func (m *model) behind(name string) string {
	for i := range m.Releases {
		r := &m.Releases[i]
		past := r.Annotations[v1alpha1.AnnotationIrreversibleSince] != "" && r.Name != name
		if past && slices.Contains(strings.Fields(r.Annotations[v1alpha1.AnnotationLeftBehind]), name) {
			return r.Name
		}
	}
	return ""
}

func (m *model) guard() *Guard {
	g := m.Shop.Spec.Release.Guard
	s := m.Shop.Status.LastSwitch
	if g == nil || s == nil || s.From == "" || g.Window == nil {
		return nil
	}
	until := s.WrittenAt.Add(g.Window.Duration)
	if !m.Now.Before(until) {
		return nil
	}
	out := &Guard{Until: &until, MaxErrorPercent: g.MaxErrorPercent}
	if g.MaxLatencyP99 != nil {
		out.MaxLatencyP99 = g.MaxLatencyP99.Duration.String()
	}
	return out
}
