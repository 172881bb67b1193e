package harness

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// Behaviour is how the pods of an image behave.
type Behaviour struct {
	// Start is the time to get ready; 0: two seconds.
	Start time.Duration
	// Never: they do not get ready, and say Trouble.
	Never   bool
	Trouble string
	// Dies is the time after which a ready pod is not ready any more; 0: never. Flaps: and is again, and so on.
	Dies  time.Duration
	Flaps bool
	// Grace is the time to end; 0: one second.
	Grace time.Duration
	// Refused is why no pod is created, as Kubernetes says it.
	Refused string
}

const (
	usualStart = 2 * time.Second
	usualGrace = time.Second
)

// kubelet plays the controller of Deployments, the scheduler and the kubelets.
type kubelet struct {
	front  *frontDoor
	pods   map[types.UID]*podClock
	hashes map[string]string
	made   int
}

// podClock is when a pod changes.
type podClock struct{ ready, since, ends time.Time }

func newKubelet(f *frontDoor) *kubelet {
	return &kubelet{front: f, pods: map[types.UID]*podClock{}, hashes: map[string]string{}}
}

func (k *kubelet) step(w *World) (next time.Time) {
	owned := map[types.UID][]*corev1.Pod{}
	for _, o := range w.Store.All("Pod") {
		pod := o.(*corev1.Pod)
		next = earlier(next, k.run(w, pod))
		if owner := metav1.GetControllerOf(pod); owner != nil {
			owned[owner.UID] = append(owned[owner.UID], pod)
		}
	}
	for _, o := range w.Store.All("Deployment") {
		d := o.(*appsv1.Deployment)
		next = earlier(next, k.roll(w, d, owned[d.UID]))
	}
	return next
}

// run lets one pod start, end, or get ready.
func (k *kubelet) run(w *World, pod *corev1.Pod) time.Time {
	clock := k.clock(w, pod)
	if !pod.DeletionTimestamp.IsZero() {
		if clock.ends.IsZero() {
			clock.ends = w.Now.Add(orElse(behaviour(w, pod).Grace, usualGrace))
		}
		if w.Now.Before(clock.ends) {
			return clock.ends
		}
		cluster.As{Store: w.Store, Who: "kubelet"}.Delete(pod)
		return time.Time{}
	}
	if podLabel(pod, labelJobName) != "" {
		return time.Time{} // the Jobs' actor ends it
	}
	ready, waiting, next := k.readiness(w, pod, clock)
	if ready && clock.since.IsZero() {
		clock.since = w.Now
	} else if !ready {
		clock.since = time.Time{}
	}
	if ready != isReady(pod) || waiting != waitsFor(pod) {
		cluster.As{Store: w.Store, Who: "kubelet"}.Report(pod, func(o client.Object) { setReady(o.(*corev1.Pod), ready, waiting) })
	}
	return next
}

func (k *kubelet) clock(w *World, pod *corev1.Pod) *podClock {
	clock, known := k.pods[pod.UID]
	if !known {
		clock = &podClock{ready: w.Now.Add(orElse(behaviour(w, pod).Start, usualStart))}
		k.pods[pod.UID] = clock
	}
	return clock
}

// readiness tells whether a pod is ready, what it waits for, and when that may change.
func (k *kubelet) readiness(w *World, pod *corev1.Pod, clock *podClock) (ready bool, waiting string, next time.Time) {
	b := behaviour(w, pod)
	if b.Never {
		return false, b.Trouble, time.Time{}
	}
	if !isReady(pod) && missingConfig(w, pod) {
		return false, "CreateContainerConfigError", time.Time{}
	}
	if w.Now.Before(clock.ready) {
		return false, "", clock.ready
	}
	if isFrontDoor(pod) && !k.front.hasTable(pod.UID) {
		return false, "", time.Time{}
	}
	if b.Dies == 0 {
		return true, "", time.Time{}
	}
	dies := clock.ready.Add(b.Dies)
	if w.Now.Before(dies) {
		return true, "", dies
	}
	if b.Flaps {
		clock.ready = w.Now.Add(orElse(b.Start, usualStart))
		return false, "", clock.ready
	}
	return false, "CrashLoopBackOff", time.Time{}
}

// roll brings a Deployment's pods to its template and number, never below the number.
func (k *kubelet) roll(w *World, d *appsv1.Deployment, pods []*corev1.Pod) (next time.Time) {
	as := cluster.As{Store: w.Store, Who: "deployments"}
	if d.Status.ObservedGeneration < d.Generation { // its numbers follow a step later
		as.Report(d, func(o client.Object) { o.(*appsv1.Deployment).Status.ObservedGeneration = d.Generation })
		return time.Time{}
	}
	want, hash := 1, k.hash(d)
	if d.Spec.Replicas != nil {
		want = int(*d.Spec.Replicas)
	}
	pods = slices.DeleteFunc(pods, func(p *corev1.Pod) bool { return !p.DeletionTimestamp.IsZero() })
	var fresh, old []*corev1.Pod
	ready, available := 0, 0
	for _, p := range pods {
		if isReady(p) {
			ready++
		}
		if at := k.availableAt(d, p); !at.IsZero() && !w.Now.Before(at) {
			available++
		} else {
			next = earlier(next, at)
		}
		if podLabel(p, labelTemplate) == hash {
			fresh = append(fresh, p)
		} else {
			old = append(old, p)
		}
	}
	limit, refused := want, ""
	if len(old) > 0 {
		limit++
	}
	for n := len(fresh); n < want && n+len(old) < limit; n++ {
		if refused = k.refusal(w, d); refused != "" {
			break
		}
		k.made++
		as.Create(podOf(d, hash, k.made))
	}
	k.shrink(as, fresh, old, want, available)
	k.report(w, d, len(pods), ready, available, len(fresh), refused)
	return next
}

// availableAt is from when a ready pod counts as available; zero: it is not ready.
func (k *kubelet) availableAt(d *appsv1.Deployment, p *corev1.Pod) time.Time {
	clock := k.pods[p.UID]
	if clock == nil || clock.since.IsZero() || !isReady(p) {
		return time.Time{}
	}
	return clock.since.Add(time.Duration(d.Spec.MinReadySeconds) * time.Second)
}

// shrink ends the pods that are too many: at most one of the old template a step.
func (k *kubelet) shrink(as cluster.As, fresh, old []*corev1.Pod, want, available int) {
	slices.SortStableFunc(fresh, func(a, b *corev1.Pod) int { return btoi(isReady(b)) - btoi(isReady(a)) })
	for len(fresh) > want {
		end(as, fresh[len(fresh)-1])
		fresh = fresh[:len(fresh)-1]
	}
	for _, p := range old {
		if !isReady(p) || available > want || want == 0 {
			end(as, p)
			return
		}
	}
}

func (k *kubelet) report(w *World, d *appsv1.Deployment, all, ready, available, fresh int, refused string) {
	s := d.Status.DeepCopy()
	s.Replicas, s.ReadyReplicas, s.AvailableReplicas, s.UpdatedReplicas = int32(all), int32(ready), int32(available), int32(fresh)
	s.UnavailableReplicas = int32(max(0, all-available))
	s.Conditions = []appsv1.DeploymentCondition{availability(d, available, w.apiClock())}
	if refused != "" {
		s.Conditions = append(s.Conditions, appsv1.DeploymentCondition{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: refused})
	}
	if !reflect.DeepEqual(*s, d.Status) {
		(cluster.As{Store: w.Store, Who: "deployments"}).Report(d, func(o client.Object) { o.(*appsv1.Deployment).Status = *s })
	}
}

// availability is the condition of this name, with the time of its last change. The operator's Deployments may miss no pod.
func availability(d *appsv1.Deployment, available int, now time.Time) appsv1.DeploymentCondition {
	is := appsv1.DeploymentCondition{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(now)}
	if available >= int(ptr.Deref(d.Spec.Replicas, 1)) {
		is.Status = corev1.ConditionTrue
	}
	for _, was := range d.Status.Conditions {
		if was.Type == is.Type && was.Status == is.Status {
			return was
		}
	}
	return is
}

// refusal is why Kubernetes creates no pod; "": it does.
func (k *kubelet) refusal(w *World, d *appsv1.Deployment) string {
	if b := w.Behave[d.Spec.Template.Spec.Containers[0].Image]; b.Refused != "" {
		return b.Refused
	}
	if name := d.Spec.Template.Spec.ServiceAccountName; name != "" && w.Store.Get("ServiceAccount", d.Namespace, name) == nil {
		return fmt.Sprintf("error looking up service account %s/%s: serviceaccount %q not found", d.Namespace, name, name)
	}
	return quotaRefuses(w, d.Namespace)
}

func (k *kubelet) hash(d *appsv1.Deployment) string {
	key := fmt.Sprintf("%s/%d", d.UID, d.Generation)
	if k.hashes[key] == "" {
		raw, _ := json.Marshal(d.Spec.Template) // an API type
		h := fnv.New32a()
		h.Write(raw)
		k.hashes[key] = fmt.Sprintf("%08x", h.Sum32())
	}
	return k.hashes[key]
}

func orElse(d, unset time.Duration) time.Duration {
	if d == 0 {
		return unset
	}
	return d
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
