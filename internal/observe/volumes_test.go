package observe

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// mounting is a shop of which both stacks mount the claim media: a serves on node one, and the pod of b
// was given another node.
func mounting() *World {
	record := func(name string) *v1alpha1.ShopRelease {
		s := v1alpha1.ReleaseService{Name: "cart"}
		s.Pod = &v1alpha1.PodOptions{Volumes: []v1alpha1.Volume{{Name: "m", PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "media"}}}}
		return &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ShopReleaseSpec{Services: []v1alpha1.ReleaseService{s}}}
	}
	pod := func(name, rel, node string, phase corev1.PodPhase) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{frontdoor.LabelRelease: rel, frontdoor.LabelService: "cart"}},
			Spec:       corev1.PodSpec{NodeName: node}, Status: corev1.PodStatus{Phase: phase},
		}
	}
	w := &World{
		Releases: map[string]*v1alpha1.ShopRelease{"acme-a": record("acme-a"), "acme-b": record("acme-b")},
		Facts:    release.Facts{{Kind: release.ClaimKind, Name: "media"}: {OneNode: true}},
		pods:     []corev1.Pod{pod("old-2", "acme-a", "one", corev1.PodRunning), pod("old-1", "acme-a", "one", corev1.PodRunning), pod("new-1", "acme-b", "two", corev1.PodPending)},
	}
	w.pods[2].Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}}
	w.Observed.Table.Active = "acme-a"
	w.Observed.Stacks = map[string]plan.Stack{"acme-a": {"cart": {Wanted: 2, Available: 2}}, "acme-b": {"cart": {Wanted: 1}}}
	return w
}

// Kubernetes tells it in an event of the pod alone: the sentence would be "waiting for cart".
func TestAVolumeThatPodsOnAnotherNodeHoldIsNamed(t *testing.T) {
	const told = "PersistentVolumeClaim media can be mounted on one node at a time, and pod old-1 of the release that serves has it on node one, while pod new-1 was given node two"
	for name, x := range map[string]struct {
		change func(*World)
		told   bool
	}{
		"it is on another node":                {func(*World) {}, true},
		"before Kubernetes tells of its state": {func(w *World) { w.pods[2].Status.ContainerStatuses = nil }, true},
		"both are on one node":                 {func(w *World) { w.pods[2].Spec.NodeName = "one" }, false},
		"it has no node yet":                   {func(w *World) { w.pods[2].Spec.NodeName = "" }, false},
		"it started":                           {func(w *World) { w.pods[2].Status.Phase = corev1.PodRunning }, false},
		"it ends":                              {func(w *World) { w.pods[2].DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }, false},
		"its image is not there": {func(w *World) {
			w.pods[2].Status.ContainerStatuses[0].State.Waiting.Reason = "ImagePullBackOff"
		}, false},
		"the claim is for many nodes":          {func(w *World) { w.Facts = release.Facts{{Kind: release.ClaimKind, Name: "media"}: {}} }, false},
		"the release that serves has it not":   {func(w *World) { w.Releases["acme-a"].Spec.Services[0].Pod = nil }, false},
		"the pods of what serves ended":        {func(w *World) { w.pods[0].Status.Phase, w.pods[1].Status.Phase = corev1.PodSucceeded, corev1.PodFailed }, false},
		"the record of what serves is gone":    {func(w *World) { delete(w.Releases, "acme-a") }, false},
		"the record of the other is gone":      {func(w *World) { delete(w.Releases, "acme-b") }, false},
		"what serves waits itself: no verdict": {func(w *World) { w.Observed.Table.Active = "acme-b" }, false},
	} {
		w := mounting()
		x.change(w)
		w.readVolumes()
		run := w.Observed.Stacks["acme-b"]["cart"]
		if (run.Trouble == volumeInUse) != x.told || strings.HasPrefix(run.Detail, told) != x.told {
			t.Errorf("%s: %s: %s", name, run.Trouble, run.Detail)
		}
	}
	w := mounting()
	w.Observed.Stacks["acme-b"]["cart"] = plan.Running{Trouble: "CrashLoopBackOff", Detail: "as it was"}
	if w.readVolumes(); w.Observed.Stacks["acme-b"]["cart"].Detail != "as it was" {
		t.Error("what Kubernetes says of the pod itself is overruled")
	}
}

func TestWhichClaimsAreOfOneNode(t *testing.T) {
	for _, x := range []struct {
		modes           []corev1.PersistentVolumeAccessMode
		onePod, oneNode bool
	}{
		{[]corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, false, true},
		{[]corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}, true, false},
		{[]corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}, false, false},
		{[]corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadOnlyMany}, false, false},
		{[]corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadWriteMany}, false, false},
		{nil, false, false},
	} {
		if f := access(x.modes); f.OnePod != x.onePod || f.OneNode != x.oneNode {
			t.Errorf("%v: %+v", x.modes, f)
		}
	}
}
