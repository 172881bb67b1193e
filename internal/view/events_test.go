package view

import (
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func event(kind, name, reason, message string, last time.Duration, count int32) corev1.Event {
	return corev1.Event{
		InvolvedObject: corev1.ObjectReference{Kind: kind, Name: name}, Type: corev1.EventTypeWarning, Reason: reason, Message: message,
		FirstTimestamp: *at(0), LastTimestamp: *at(last), Count: count,
	}
}

// leaves are the links of a chain below those of services.
func leaves(c Chain) (out []string) {
	for _, l := range c.Links {
		if l.Depth == 2 {
			out = append(out, fmt.Sprintf("%s: %s: %s", l.Object, l.State, l.Detail))
		}
	}
	return out
}

func TestWhyTellsWhatKubernetesToldOfAPod(t *testing.T) {
	const pod, says = "acme-cart-bbbbbbbb-x", `"cart:2": not found`
	normal := event("Pod", pod, "Pulling", "pulling", 3*time.Minute, 9)
	normal.Type = corev1.EventTypeNormal
	series := event("Pod", pod, "Failed", says, 0, 0)
	series.EventTime, series.Series = metav1.NewMicroTime(nine), &corev1.EventSeries{Count: 4, LastObservedTime: metav1.NewMicroTime(nine.Add(time.Minute))}
	for name, x := range map[string]struct {
		events []corev1.Event
		want   string
	}{
		"nothing":                           {nil, says},
		"the same, and how often":           {[]corev1.Event{event("Pod", pod, "Failed", `Failed to pull image "cart:2": `+says, 3*time.Minute, 7)}, says + " (7 times in 3m)"},
		"once":                              {[]corev1.Event{event("Pod", pod, "Failed", says, 0, 1)}, says},
		"something else":                    {[]corev1.Event{event("Pod", pod, "FailedMount", "no volume", 0, 1)}, says + "; FailedMount: no volume"},
		"the newest counts":                 {[]corev1.Event{event("Pod", pod, "B", "new", 2*time.Minute, 1), event("Pod", pod, "A", "old", time.Minute, 1)}, says + "; B: new"},
		"what is normal is not told":        {[]corev1.Event{normal}, says},
		"of another pod":                    {[]corev1.Event{event("Pod", pod+"y", "FailedMount", "no volume", 0, 1)}, says},
		"of another kind with the name":     {[]corev1.Event{event("Job", pod, "FailedMount", "no volume", 0, 1)}, says},
		"an event of the newer API, series": {[]corev1.Event{series}, says + " (4 times in 1m)"},
	} {
		o := broken()
		o.Pods, o.Events = o.Pods[:1], x.events
		if got := leaves(Why(o, "")); len(got) != 1 || got[0] != "pod "+pod+": ImagePullBackOff: "+x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

func TestWhyTellsWhyNoPodIsMade(t *testing.T) {
	const refused = "exceeded quota: compute"
	deployment := func(service string) appsv1.Deployment {
		return appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "acme-" + service + "-bbbbbbbb", Labels: map[string]string{frontdoor.LabelRelease: relB, frontdoor.LabelService: service}}}
	}
	for name, x := range map[string]struct {
		event corev1.Event
		want  []string
	}{
		"by its ReplicaSet":         {event("ReplicaSet", "acme-cart-bbbbbbbb-5d8f", "FailedCreate", refused, time.Minute, 3), []string{"ReplicaSet acme-cart-bbbbbbbb-5d8f: FailedCreate: " + refused + " (3 times in 1m)"}},
		"by its autoscaler":         {event("HorizontalPodAutoscaler", "acme-cart-bbbbbbbb", "FailedGetScale", "no metrics", 0, 1), []string{"HorizontalPodAutoscaler acme-cart-bbbbbbbb: FailedGetScale: no metrics"}},
		"of another service":        {event("ReplicaSet", "acme-catalog-bbbbbbbb-5d8f", "FailedCreate", refused, 0, 1), nil},
		"of a name that is longer":  {event("ReplicaSet", "acme-cart-bbbbbbbbb", "FailedCreate", refused, 0, 1), nil},
		"of a pod that went, say":   {event("Pod", "acme-cart-bbbbbbbb-5d8f-x", "Failed", refused, 0, 1), nil},
		"of a Deployment of no one": {event("Deployment", "cart", "FailedCreate", refused, 0, 1), nil},
	} {
		o := broken()
		o.Pods, o.Deployments, o.Events = nil, []appsv1.Deployment{deployment("cart"), deployment("catalog")}, []corev1.Event{x.event}
		if got := leaves(Why(o, "")); !slices.Equal(got, x.want) {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

func TestWhyTellsWhyTheJobOfACheckHasNoPod(t *testing.T) {
	o := broken()
	o.Pods = nil
	o.Shop.Status.WaitingFor = []v1alpha1.Wait{{Kind: v1alpha1.WaitCheck, Name: "smoke", Release: relB}}
	o.Releases[1].Status.Checks = []v1alpha1.JobStatus{{Name: "smoke", Job: "acme-check-smoke-1", State: v1alpha1.JobRunning}}
	o.Events = []corev1.Event{event("Job", "acme-check-smoke-1", "FailedCreate", "forbidden", 0, 1)}
	if got, want := leaves(Why(o, "")), []string{"Job acme-check-smoke-1: FailedCreate: forbidden"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
