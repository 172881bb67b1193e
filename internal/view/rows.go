package view

import (
	"maps"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// rows are all services of the three stacks, and those that are in none yet.
func (m *model) rows() []Row {
	names := map[string]bool{}
	var stacks [3]*v1alpha1.ShopRelease
	for i, name := range m.named() {
		if stacks[i] = m.release(name); stacks[i] != nil {
			for _, s := range stacks[i].Spec.Services {
				names[s.Name] = true
			}
		}
	}
	for i := range m.Services {
		if m.Services[i].Spec.Shop == m.Shop.Name {
			names[m.Services[i].Name] = true
		}
	}
	out := []Row{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		row := Row{Service: name, Changes: changesOf(name, stacks), Owner: m.ownerOf(name)}
		for i, r := range stacks {
			row.Cells[i] = m.cell(r, name, columnRoles[i])
		}
		out = append(out, row)
	}
	return out
}

// changesOf compares the candidate with what serves; where there is none, what serves with what served before.
func changesOf(name string, stacks [3]*v1alpha1.ShopRelease) []Change {
	switch {
	case stacks[0] != nil && stacks[1] != nil:
		return changes(find(stacks[0], name), find(stacks[1], name), copies(stacks[0]), copies(stacks[1]))
	case stacks[0] != nil && stacks[2] != nil:
		return changes(find(stacks[2], name), find(stacks[0], name), copies(stacks[2]), copies(stacks[0]))
	}
	return []Change{}
}

func find(r *v1alpha1.ShopRelease, name string) *v1alpha1.ReleaseService {
	if r == nil {
		return nil
	}
	for i := range r.Spec.Services {
		if r.Spec.Services[i].Name == name {
			return &r.Spec.Services[i]
		}
	}
	return nil
}

func (m *model) cell(r *v1alpha1.ShopRelease, name string, role Role) Cell {
	s := find(r, name)
	if s == nil {
		return Cell{}
	}
	c := Cell{Image: s.Image, Tag: Tag(s.Image)}
	if s.Autoscaling != nil {
		c.Min, c.Max = s.Autoscaling.MinReplicas, s.Autoscaling.MaxReplicas
	}
	if h := m.autoscaler(r.Name, name); h != nil {
		c.Max = h.Spec.MaxReplicas
		if h.Spec.MinReplicas != nil {
			c.Min = *h.Spec.MinReplicas
		}
	}
	if s.Activation == v1alpha1.ActivationWithTraffic && role != Active {
		c.State = CellWithTraffic
		return c
	}
	m.count(&c, r, name)
	return c
}

// count says how many pods there are: as the release's own status tells, which everybody may read who sees the shop.
func (m *model) count(c *Cell, r *v1alpha1.ShopRelease, name string) {
	i := slices.IndexFunc(r.Status.Services, func(s v1alpha1.ReleaseServiceStatus) bool { return s.Name == name })
	if i < 0 {
		if c.State = CellStopped; r.Status.ObservedGeneration < 0 {
			c.State = CellUnknown
		}
		return
	}
	s := r.Status.Services[i]
	c.Replicas = Replicas{Known: true, Ready: s.Ready, Wanted: max(s.Wanted, m.wanted(r.Name, name))}
	switch {
	case s.Reason != "":
		c.State, c.Reason = CellTrouble, s.Reason
		c.Message = m.sentence(r.Name, name)
	case s.Ready >= s.Wanted:
		c.State = CellReady
	default:
		c.State = CellStarting
	}
}

// wanted is what the Deployment asks for; 0 where it is not known.
func (m *model) wanted(release, service string) int32 {
	for i := range m.Deployments {
		l := m.Deployments[i].Labels
		if l[frontdoor.LabelRelease] == release && l[frontdoor.LabelService] == service && m.Deployments[i].Spec.Replicas != nil {
			return *m.Deployments[i].Spec.Replicas
		}
	}
	return 0
}

func (m *model) autoscaler(release, service string) *autoscalingv2.HorizontalPodAutoscaler {
	for i := range m.Autoscalers {
		l := m.Autoscalers[i].Labels
		if l[frontdoor.LabelRelease] == release && l[frontdoor.LabelService] == service {
			return &m.Autoscalers[i]
		}
	}
	return nil
}

// sentence is what Kubernetes says of the first pod of a service that is not well; "": pods were not read.
func (m *model) sentence(release, service string) string {
	for i := range m.Pods {
		l := m.Pods[i].Labels
		if l[frontdoor.LabelRelease] != release || l[frontdoor.LabelService] != service {
			continue
		}
		for _, c := range m.Pods[i].Status.ContainerStatuses {
			if c.State.Waiting != nil && c.State.Waiting.Message != "" {
				return c.State.Waiting.Message
			}
		}
	}
	return ""
}
