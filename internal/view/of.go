package view

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Of makes the view of a shop. It takes any objects, however few: what is not there is empty, unknown or left out.
func Of(o Objects) Shop {
	v := Shop{APIVersion: APIVersion, Kind: "Shop", Now: o.Now, Columns: []Column{}, Rows: []Row{}, Checks: []Check{}, Waits: []Wait{},
		Actions: []Action{}, History: []Step{}, Releases: []Release{}, Gaps: []Gap{}}
	if o.Shop == nil {
		return v
	}
	m := model{Objects: o}
	v.head(o.Shop)
	v.FrontDoor = m.frontDoor()
	v.Columns = m.columns()
	v.Rows = m.rows()
	v.Checks = m.checks()
	v.Guard = m.guard()
	v.Waits = m.waits()
	v.History = m.history()
	v.Releases = m.releases()
	v.Actions = m.actions()
	v.Gaps = append(v.Gaps, o.Gaps...)
	return v
}

// model answers questions about the objects.
type model struct{ Objects }

func (v *Shop) head(s *v1alpha1.Shop) {
	v.Namespace, v.Name = s.Namespace, s.Name
	v.Address, v.PreviewAddress, v.Paused = s.Status.Address, s.Status.PreviewAddress, s.Spec.Paused
	v.Seen = s.Status.ObservedGeneration == s.Generation && len(s.Status.Conditions) > 0
	if ready := condition(s.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		v.Reason, v.Message = v1alpha1.Reason(ready.Reason), ready.Message
	}
	v.Since = since(s)
	v.Ready = isTrue(s.Status.Conditions, v1alpha1.ConditionReady)
	v.Available = isTrue(s.Status.Conditions, v1alpha1.ConditionAvailable)
	v.Stalled = isTrue(s.Status.Conditions, v1alpha1.ConditionStalled)
	if pending := condition(s.Status.Conditions, v1alpha1.ConditionPendingChanges); pending != nil {
		v.Pending = pending.Message
	}
}

// since is when the shop came to its reason: the condition's time moves with its status only.
func since(s *v1alpha1.Shop) *time.Time {
	ready := condition(s.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil {
		return nil
	}
	if n := len(s.Status.Recent); n > 0 && string(s.Status.Recent[n-1].Reason) == ready.Reason {
		return timeOf(&s.Status.Recent[n-1].At)
	}
	return timeOf(&ready.LastTransitionTime)
}

func condition(all []metav1.Condition, of v1alpha1.ConditionType) *metav1.Condition {
	return meta.FindStatusCondition(all, string(of))
}

func isTrue(all []metav1.Condition, of v1alpha1.ConditionType) bool {
	return meta.IsStatusConditionTrue(all, string(of))
}

func timeOf(t *metav1.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t.Time
}

// release is the record of a name; nil: it is gone, or may not be read.
func (m *model) release(name string) *v1alpha1.ShopRelease {
	for i := range m.Releases {
		if r := &m.Releases[i]; r.Name == name && r.Spec.Shop == m.Shop.Name {
			return r
		}
	}
	return nil
}

func (m *model) service(name string) *v1alpha1.ShopService {
	for i := range m.Services {
		if s := &m.Services[i]; s.Name == name && s.Spec.Shop == m.Shop.Name {
			return s
		}
	}
	return nil
}

// named are the releases in their roles, in the order of the columns; "" where nobody has it.
func (m *model) named() [3]string {
	var out [3]string
	s := m.Shop.Status
	if s.Active != nil {
		out[0] = s.Active.Release
	}
	if s.Candidate != nil {
		out[1] = s.Candidate.Release
	}
	if s.Previous != nil {
		out[2] = s.Previous.Release
	}
	return out
}

// releases are those that are kept, the newest first.
func (m *model) releases() []Release {
	out := []Release{}
	roles := map[string]Role{}
	for i, name := range m.named() {
		roles[name] = columnRoles[i]
	}
	for i := range m.Releases {
		if r := &m.Releases[i]; r.Spec.Shop == m.Shop.Name {
			out = append(out, Release{
				Name: r.Name, Version: r.Spec.Version, Created: r.CreationTimestamp.Time, Role: roles[r.Name], Services: len(r.Spec.Services),
				Rejected: r.Annotations[v1alpha1.AnnotationRejected], Behind: m.behind(r.Name),
			})
		}
	}
	slices.SortFunc(out, func(a, b Release) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.Name, a.Name))
	})
	return out
}
