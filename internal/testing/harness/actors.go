package harness

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// garbage deletes what is owned by nothing that is there.
type garbage struct{ seen int64 }

func (g *garbage) step(w *World) time.Time {
	if g.seen == w.Store.Revision() {
		return time.Time{}
	}
	g.seen = w.Store.Revision()
	alive := map[types.UID]bool{}
	var owned []client.Object
	for _, key := range w.Store.Keys() {
		o := w.Store.Get(key.Kind, key.Namespace, key.Name)
		alive[o.GetUID()] = true
		if len(o.GetOwnerReferences()) > 0 {
			owned = append(owned, o)
		}
	}
	as := cluster.As{Store: w.Store, Who: "garbage-collector"}
	for _, o := range owned {
		if hasOwner(o, alive) {
			continue
		}
		if pod, is := o.(*corev1.Pod); is {
			end(as, pod)
			continue
		}
		as.Delete(o)
	}
	return time.Time{}
}

func hasOwner(o client.Object, alive map[types.UID]bool) bool {
	for _, owner := range o.GetOwnerReferences() {
		if alive[owner.UID] {
			return true
		}
	}
	return false
}

// autoscalers keep Deployments within bounds and at their load. One at 0 is left alone, as
// the real one does.
type autoscalers struct{}

func (autoscalers) step(w *World) time.Time {
	for _, o := range w.Store.All("HorizontalPodAutoscaler") {
		h := o.(*autoscalingv2.HorizontalPodAutoscaler)
		d, _ := w.Store.Get("Deployment", h.Namespace, h.Spec.ScaleTargetRef.Name).(*appsv1.Deployment)
		if d == nil || ptr.Deref(d.Spec.Replicas, 1) == 0 {
			continue
		}
		least, has := ptr.Deref(h.Spec.MinReplicas, 1), ptr.Deref(d.Spec.Replicas, 1)
		want := min(max(w.Load[serviceOf(d)], least), h.Spec.MaxReplicas)
		if w.Load[serviceOf(d)] == 0 && has > least { // without a load it shrinks one at a time
			want = min(has-1, h.Spec.MaxReplicas)
		}
		if want != has {
			cluster.As{Store: w.Store, Who: "autoscaler"}.Set(d, func(o client.Object) { o.(*appsv1.Deployment).Spec.Replicas = ptr.To(want) })
		}
	}
	return time.Time{}
}

// jobs runs Jobs. The first of a container's args, or its image, says what becomes of it: "fail", "slow".
type jobs struct{ ends map[types.UID]time.Time }

const (
	jobTakes  = 3 * time.Second
	slowTakes = 90 * time.Second
)

func (j *jobs) step(w *World) (next time.Time) {
	as := cluster.As{Store: w.Store, Who: "jobs"}
	for _, o := range w.Store.All("Job") {
		job := o.(*batchv1.Job)
		if ended(job) {
			continue
		}
		if ptr.Deref(job.Spec.Suspend, false) { // it has no pods, and begins anew when it goes on
			delete(j.ends, job.UID)
			continue
		}
		at, running := j.ends[job.UID]
		if !running {
			at = w.Now.Add(jobTakes)
			if said(job) == "slow" {
				at = w.Now.Add(slowTakes)
			}
			j.ends[job.UID] = at
			as.Create(podOfJob(job))
			as.Report(job, func(o client.Object) { o.(*batchv1.Job).Status.Active = 1 })
		}
		if w.Now.Before(at) {
			next = earlier(next, at)
			continue
		}
		j.end(w, job)
	}
	return next
}

func (j *jobs) end(w *World, job *batchv1.Job) {
	as := cluster.As{Store: w.Store, Who: "jobs"}
	what, phase := batchv1.JobComplete, corev1.PodSucceeded
	if said(job) == "fail" && !w.Mended {
		what, phase = batchv1.JobFailed, corev1.PodFailed
	}
	if pod := w.Store.Get("Pod", job.Namespace, podNameOf(job)); pod != nil {
		as.Report(pod, func(o client.Object) { o.(*corev1.Pod).Status.Phase = phase })
	}
	as.Report(job, func(o client.Object) {
		s := &o.(*batchv1.Job).Status
		s.Active = 0
		s.Conditions = []batchv1.JobCondition{{Type: what, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(as.Store.Now().Truncate(time.Second))}}
	})
}

func said(job *batchv1.Job) string {
	c := job.Spec.Template.Spec.Containers[0]
	if len(c.Args) > 0 {
		return c.Args[0]
	}
	return c.Image
}

func ended(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) {
			return true
		}
	}
	return false
}

// podNameOf: a Job that is made anew has another pod.
func podNameOf(job *batchv1.Job) string {
	return job.Name + "-" + strings.TrimPrefix(string(job.UID), "uid-")
}

func podOfJob(job *batchv1.Job) *corev1.Pod {
	labels := map[string]string{labelJobName: job.Name}
	for k, v := range job.Spec.Template.Labels {
		labels[k] = v
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: podNameOf(job), Namespace: job.Namespace, Labels: labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
		},
		Spec:   *job.Spec.Template.Spec.DeepCopy(),
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
}

// quotas counts what is used of ResourceQuotas: pods are what the harness's quotas bound.
type quotas struct{}

func (quotas) step(w *World) time.Time {
	for _, o := range w.Store.All("ResourceQuota") {
		q := o.(*corev1.ResourceQuota)
		used := corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(podsIn(w, q.Namespace), resource.DecimalSI)}
		cluster.As{Store: w.Store, Who: "quota"}.Report(q, func(o client.Object) {
			s := &o.(*corev1.ResourceQuota).Status
			s.Hard, s.Used = q.Spec.Hard, used
		})
	}
	return time.Time{}
}

func podsIn(w *World, namespace string) (n int64) {
	for _, o := range w.Store.All("Pod") {
		if pod := o.(*corev1.Pod); pod.Namespace == namespace && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			n++
		}
	}
	return n
}

func quotaRefuses(w *World, namespace string) string {
	for _, o := range w.Store.All("ResourceQuota") {
		q := o.(*corev1.ResourceQuota)
		hard, bound := q.Spec.Hard[corev1.ResourcePods]
		if bound && podsIn(w, namespace) >= hard.Value() {
			return fmt.Sprintf("pods is forbidden: exceeded quota: %s, requested: pods=1, used: pods=%d, limited: pods=%s", q.Name, podsIn(w, namespace), hard.String())
		}
	}
	return ""
}

func serviceOf(o client.Object) string { return o.GetLabels()[frontdoor.LabelService] }
