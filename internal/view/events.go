package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// warning is the newest event of type Warning of which the object is meant; nil: Kubernetes told of none, or forgot it after an hour.
func (m *model) warning(means func(corev1.ObjectReference) bool) *corev1.Event {
	var newest *corev1.Event
	for i := range m.Events {
		e := &m.Events[i]
		if e.Type != corev1.EventTypeWarning || !means(e.InvolvedObject) {
			continue
		}
		if newest == nil || last(e).After(last(newest)) {
			newest = e
		}
	}
	return newest
}

// withEvent adds to a link what Kubernetes told of its object, unless the link says so already, and how often.
func (m *model) withEvent(l Link, kind, name string) Link {
	e := m.warning(func(o corev1.ObjectReference) bool { return o.Kind == kind && o.Name == name })
	if e == nil {
		return l
	}
	if l.Detail == "" {
		l.Detail = e.Message
	} else if !strings.Contains(e.Message, l.Detail) && !strings.Contains(l.Detail, e.Message) {
		l.Detail += "; " + e.Reason + ": " + e.Message
	}
	l.Detail += often(e)
	return l
}

// uncreated is why a service, or Job, has no pods: what its Deployment, its ReplicaSets or its autoscaler were told. Nobody else knows of a
// quota or a webhook that refuses pods.
func (m *model) uncreated(w Wait) []Link {
	names := m.madeFor(w)
	e := m.warning(func(o corev1.ObjectReference) bool {
		return o.Kind != "Pod" && slices.ContainsFunc(names, func(name string) bool { return o.Name == name || strings.HasPrefix(o.Name, name+"-") })
	})
	if e == nil {
		return nil
	}
	return []Link{{Depth: 2, Object: e.InvolvedObject.Kind + " " + e.InvolvedObject.Name, State: e.Reason, Detail: e.Message + often(e)}}
}

// madeFor are the names of the Deployments or Jobs of what is waited for.
func (m *model) madeFor(w Wait) (out []string) {
	for i := range m.Deployments {
		if l := m.Deployments[i].Labels; l[frontdoor.LabelRelease] == w.Release && l[frontdoor.LabelService] == w.Name {
			out = append(out, m.Deployments[i].Name)
		}
	}
	if r := m.release(w.Release); r != nil {
		for _, j := range slices.Concat(r.Status.Migrations, r.Status.Checks) {
			if j.Name == w.Name && j.Job != "" {
				out = append(out, j.Job)
			}
		}
	}
	return out
}

// often says how many times an event happened, and within which time; "" for once.
func often(e *corev1.Event) string {
	n, first := int(e.Count), e.FirstTimestamp.Time
	if e.Series != nil {
		n, first = int(e.Series.Count), e.EventTime.Time
	}
	if n < 2 || first.IsZero() {
		return ""
	}
	within := last(e).Sub(first).Round(time.Second).String()
	if strings.HasSuffix(within, "m0s") {
		within = strings.TrimSuffix(within, "0s")
	}
	return fmt.Sprintf(" (%d times in %s)", n, within)
}

// last is when an event happened last; zero where it says nothing.
func last(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}
