package observe

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/plan"
)

// cart is the Deployment of a service of release a that wants two pods and has them.
func cart(change ...func(*appsv1.Deployment)) appsv1.Deployment {
	d := appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shops", Name: "acme-cart-aaaaaaaa", Generation: 2, CreationTimestamp: metav1.NewTime(epoch), OwnerReferences: owned(),
		Labels: map[string]string{frontdoor.LabelShop: "acme", frontdoor.LabelRelease: a, frontdoor.LabelService: "cart"},
	}}
	d.Spec.Replicas = ptr.To[int32](2)
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: 2, AvailableReplicas: 2}
	for _, f := range change {
		f(&d)
	}
	return d
}

func TestWhatBelongsToAStack(t *testing.T) {
	now := metav1.NewTime(later)
	for name, c := range map[string]struct {
		change  func(*appsv1.Deployment)
		belongs bool
		stray   bool
	}{
		"what the operator made":                            {func(*appsv1.Deployment) {}, true, false},
		"one whose owner somebody took away":                {func(d *appsv1.Deployment) { d.OwnerReferences = nil }, true, false},
		"one that is being deleted does not":                {func(d *appsv1.Deployment) { d.DeletionTimestamp = &now }, false, false},
		"the front door does not, and is no stray":          {func(d *appsv1.Deployment) { delete(d.Labels, frontdoor.LabelRelease) }, false, false},
		"a copy under another name is a stray":              {func(d *appsv1.Deployment) { d.Name, d.OwnerReferences = "debug-cart", nil }, false, true},
		"one that another shop controls is a stray":         {func(d *appsv1.Deployment) { d.OwnerReferences[0].UID = "another" }, false, true},
		"a copy that kept the shop as its owner is one":     {func(d *appsv1.Deployment) { d.Name = "acme-cart-debug" }, false, true},
		"one that was relabelled to another release is one": {func(d *appsv1.Deployment) { d.Labels[frontdoor.LabelRelease] = b }, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := cart(c.change)
			got, strays := stacks(acme(), []appsv1.Deployment{d}, nil)
			if _, belongs := got[a]["cart"]; belongs != c.belongs || slices.Contains(strays, d.Name) != c.stray {
				t.Errorf("belongs %t, strays %v; want %t and %t", belongs, strays, c.belongs, c.stray)
			}
		})
	}
}

func TestWhatIsSaidOfARunningService(t *testing.T) {
	failed := func(reason, message string) func(*appsv1.Deployment) {
		return func(d *appsv1.Deployment) {
			d.Status.AvailableReplicas = 1
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: reason, Message: message}}
		}
	}
	unavailable := func(available int32, status corev1.ConditionStatus) func(*appsv1.Deployment) {
		return func(d *appsv1.Deployment) {
			d.Status.AvailableReplicas = available
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentAvailable, Status: status, LastTransitionTime: metav1.NewTime(later)}}
		}
	}
	for name, c := range map[string]struct {
		change func(*appsv1.Deployment)
		why    trouble
		want   plan.Running
	}{
		"it has its pods": {func(*appsv1.Deployment) {}, trouble{},
			plan.Running{Wanted: 2, Available: 2, Current: true}},
		"Kubernetes has not seen its newest version": {func(d *appsv1.Deployment) { d.Status.ObservedGeneration = 1 }, trouble{},
			plan.Running{Wanted: 2, Available: 2}},
		"a number that is not stated is one": {func(d *appsv1.Deployment) { d.Spec.Replicas = nil }, trouble{},
			plan.Running{Wanted: 1, Available: 2, Current: true}},
		"it sleeps at 0": {func(d *appsv1.Deployment) { d.Spec.Replicas, d.Status.AvailableReplicas = ptr.To[int32](0), 0 }, trouble{},
			plan.Running{Current: true}},
		"it is short since it was made": {func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 1 }, trouble{reason: "CrashLoopBackOff"},
			plan.Running{Wanted: 2, Available: 1, Current: true, Trouble: "CrashLoopBackOff", ShortSince: epoch}},
		"it is short since it lost pods": {unavailable(1, corev1.ConditionFalse), trouble{},
			plan.Running{Wanted: 2, Available: 1, Current: true, ShortSince: later}},
		"it was scaled up a moment ago": {unavailable(1, corev1.ConditionTrue), trouble{},
			plan.Running{Wanted: 2, Available: 1, Current: true}},
		"it has all pods again, whatever the condition says": {unavailable(2, corev1.ConditionFalse), trouble{},
			plan.Running{Wanted: 2, Available: 2, Current: true}},
		"a quota refuses its pods": {failed("FailedCreate", "pods \"x\" is forbidden: exceeded quota: small"), trouble{reason: "ImagePullBackOff", detail: "x"},
			plan.Running{Wanted: 2, Available: 1, Current: true, Trouble: "FailedCreate", Refused: "pods \"x\" is forbidden: exceeded quota: small", NoRoom: true, ShortSince: epoch}},
		"a policy refuses its pods, which is no want of room": {failed("FailedCreate", "violates PodSecurity"), trouble{noRoom: true},
			plan.Running{Wanted: 2, Available: 1, Current: true, Trouble: "FailedCreate", Refused: "violates PodSecurity", ShortSince: epoch}},
		"a failure that is over is not told": {func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionFalse, Reason: "FailedCreate", Message: "exceeded quota"}}
		}, trouble{}, plan.Running{Wanted: 2, Available: 2, Current: true}},
		"no node has room": {func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 0 }, trouble{reason: "Unschedulable", detail: "Insufficient cpu", noRoom: true},
			plan.Running{Wanted: 2, Current: true, Trouble: "Unschedulable", Detail: "Insufficient cpu", NoRoom: true, ShortSince: epoch}},
	} {
		t.Run(name, func(t *testing.T) {
			d := cart(c.change)
			c.want.CreatedAt = epoch
			if diff := cmp.Diff(c.want, running(&d, c.why)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func waits(reason string) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}
}

func ended(code int32) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}}
}

func unscheduled(message string) corev1.PodStatus {
	return corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: message}}}
}

func TestWhyAPodIsNotReady(t *testing.T) {
	containers := func(s ...corev1.ContainerStatus) corev1.PodStatus { return corev1.PodStatus{ContainerStatuses: s} }
	now := metav1.NewTime(later)
	for name, c := range map[string]struct {
		status corev1.PodStatus
		going  bool
		want   trouble
	}{
		"it only starts":                              {containers(waits("ContainerCreating")), false, trouble{}},
		"its init containers run":                     {containers(waits("PodInitializing")), false, trouble{}},
		"its image is not there":                      {containers(waits("ImagePullBackOff")), false, trouble{reason: "ImagePullBackOff"}},
		"its second container crashes":                {containers(corev1.ContainerStatus{}, waits("CrashLoopBackOff")), false, trouble{reason: "CrashLoopBackOff"}},
		"an init container crashes":                   {corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{waits("CrashLoopBackOff")}, ContainerStatuses: []corev1.ContainerStatus{waits("PodInitializing")}}, false, trouble{reason: "CrashLoopBackOff"}},
		"it crashed a moment ago":                     {containers(ended(1)), false, trouble{reason: "CrashLoopBackOff"}},
		"an init container is done":                   {corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{ended(0)}}, false, trouble{}},
		"no node has enough cpu":                      {unscheduled("0/3 nodes are available: 3 Insufficient cpu."), false, trouble{"Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.", true}},
		"no node takes one pod more":                  {unscheduled("0/3 nodes are available: 3 Too many pods."), false, trouble{"Unschedulable", "0/3 nodes are available: 3 Too many pods.", true}},
		"no node has its label, which is not room":    {unscheduled("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."), false, trouble{"Unschedulable", "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", false}},
		"it was evicted: another takes its place":     {corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", ContainerStatuses: []corev1.ContainerStatus{ended(137)}}, false, trouble{}},
		"it ended well":                               {corev1.PodStatus{Phase: corev1.PodSucceeded, ContainerStatuses: []corev1.ContainerStatus{ended(0)}}, false, trouble{}},
		"it was told to end, and does so with a code": {containers(ended(143)), true, trouble{}},
	} {
		p := corev1.Pod{Status: c.status}
		if c.going {
			p.DeletionTimestamp = &now
		}
		if got := troubleOf(&p); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func podOf(name string, s corev1.PodStatus) corev1.Pod {
	return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{frontdoor.LabelRelease: a, frontdoor.LabelService: "cart"}}, Status: s}
}

func TestOfSeveralPodsTheFirstByNameSpeaksOnEveryPass(t *testing.T) {
	pods := []corev1.Pod{
		podOf("cart-2", corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waits("CrashLoopBackOff")}}),
		podOf("cart-1", corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waits("ImagePullBackOff")}}),
		podOf("cart-0", corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waits("ContainerCreating")}}),
	}
	for range 2 {
		if got := troubles(pods)[a+"/cart"].reason; got != "ImagePullBackOff" {
			t.Errorf("got %s", got)
		}
		slices.Reverse(pods)
	}
}

func TestLookingAtAPodChangesNothingOfIt(t *testing.T) {
	inits := make([]corev1.ContainerStatus, 1, 4)
	inits[0] = ended(0)
	p := corev1.Pod{Status: corev1.PodStatus{InitContainerStatuses: inits, ContainerStatuses: []corev1.ContainerStatus{waits("CrashLoopBackOff")}}}
	troubleOf(&p)
	if beyond := inits[:2][1]; beyond.State.Waiting != nil {
		t.Error("a container's status was written behind a list that the cache shares with others")
	}
}

func TestPodReadyNeedsTheCondition(t *testing.T) {
	ready := func(s corev1.ConditionStatus) []corev1.PodCondition {
		return []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: s}}
	}
	for _, c := range []struct {
		conditions []corev1.PodCondition
		want       bool
	}{{nil, false}, {ready(corev1.ConditionTrue), true}, {ready(corev1.ConditionFalse), false}, {ready(corev1.ConditionUnknown), false}} {
		if got := PodReady(&corev1.Pod{Status: corev1.PodStatus{Conditions: c.conditions}}); got != c.want {
			t.Errorf("%v: ready %t", c.conditions, got)
		}
	}
}

func TestEachReleaseHasItsOwnStack(t *testing.T) {
	other := cart(func(d *appsv1.Deployment) {
		d.Name, d.Labels = "acme-cart-bbbbbbbb", maps.Clone(d.Labels)
		d.Labels[frontdoor.LabelRelease] = b
		d.Status.AvailableReplicas = 0
	})
	crashing := podOf("cart-1", corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waits("CrashLoopBackOff")}})
	crashing.Labels[frontdoor.LabelRelease] = b
	got, _ := stacks(acme(), []appsv1.Deployment{cart(), other}, []corev1.Pod{crashing})
	if got[a]["cart"].Trouble != "" || got[b]["cart"].Trouble != "CrashLoopBackOff" || got[a]["cart"].Available != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestAPolicyThatSaysNothingHasTheDefaults(t *testing.T) {
	got := policy(acme().Spec.Release)
	want := plan.Policy{Settle: 5 * time.Second, StartDeadline: 10 * time.Minute, RollbackWindow: 15 * time.Minute, HistoryLimit: 5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
