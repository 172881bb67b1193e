package harness

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// tableNamesWhatIsReady: the front door names one release, never none again, and only one
// whose services have their pods, as Kubernetes says.
func (a *Always) tableNamesWhatIsReady(wr *cluster.Write) {
	after, is := wr.After.(*corev1.ConfigMap)
	if !is || wr.Key.Name != frontdoor.TableName(Shop) {
		return
	}
	before, _ := wr.Before.(*corev1.ConfigMap)
	was, now := tableIn(before), tableIn(after)
	if now.Active == "" {
		if a.served {
			a.broken(wr, "the table names no release any more")
		}
		return
	}
	if was.Switch != nil && now.Switch != nil && now.Switch.At.Before(was.Switch.At) {
		a.broken(wr, "a switch that was decided on an older table is written")
	}
	for _, named := range []string{now.Active, now.Preview} {
		if rel, ok := now.Release(named); named != "" && (!ok || !a.upstreamsExist(rel)) {
			a.broken(wr, "the table names %s, of which a Service is not there", named)
		}
	}
	if now.Active != was.Active && !a.w.routed()[now.Active] {
		a.stackIsReady(wr, now)
	}
}

func (a *Always) upstreamsExist(rel frontdoor.Release) bool {
	return !slices.ContainsFunc(rel.Routes, func(r frontdoor.Route) bool {
		return a.w.Store.Get("Service", Namespace, r.Upstream) == nil && !a.deletedByOthers(cluster.Key{Kind: "Service", Namespace: Namespace, Name: r.Upstream})
	})
}

// deletedByOthers: that it is not there is not the operator's doing.
func (a *Always) deletedByOthers(key cluster.Key) bool {
	for _, wr := range slices.Backward(a.w.Store.Journal()) {
		if wr.Key == key && wr.Changed() && wr.After == nil {
			return wr.Who == "user" || wr.Who == "chaos"
		}
	}
	return false
}

// stackIsReady: the way forward asks for the scale's minimum, as far as the operator can know of it, a way back for a
// pod of each service.
func (a *Always) stackIsReady(wr *cluster.Write, t frontdoor.Table) {
	rel, _ := a.w.Store.Get("ShopRelease", Namespace, t.Active).(*v1alpha1.ShopRelease)
	if rel == nil {
		a.broken(wr, "the front door is switched to %s, of which there is no ShopRelease", t.Active)
		return
	}
	for i := range rel.Spec.Services {
		s := &rel.Spec.Services[i]
		if s.Activation == v1alpha1.ActivationWithTraffic {
			continue
		}
		floor := a.least(wr, s)
		if rel.Status.SwitchedAt != nil {
			floor = 1
		}
		d, _ := a.w.Store.Get("Deployment", Namespace, release.ObjectName(Shop, s.Name, rel.Spec.Revision)).(*appsv1.Deployment)
		if d == nil || d.Status.AvailableReplicas < floor || d.Status.ObservedGeneration < d.Generation {
			a.broken(wr, "the front door is switched to %s, whose %s has not %d available pods", t.Active, s.Name, floor)
		}
	}
}

// least is the number of pods that a service has at least, as the one who writes can see it: a scale that was
// changed a moment ago may be unknown to him.
func (a *Always) least(wr *cluster.Write, s *v1alpha1.ReleaseService) int32 {
	scale := a.scale(wr, s.Name, v1alpha1.ServiceScale{Replicas: s.Replicas, Autoscaling: s.Autoscaling})
	if scale.Autoscaling != nil {
		return scale.Autoscaling.MinReplicas
	}
	return ptr.Deref(scale.Replicas, 1)
}

// scale of a service, as the one who writes can see it.
func (a *Always) scale(wr *cluster.Write, service string, otherwise v1alpha1.ServiceScale) v1alpha1.ServiceScale {
	var seen v1alpha1.ShopService
	if a.w.operator(wr.Who).Cache.Get(context.Background(), client.ObjectKey{Namespace: Namespace, Name: service}, &seen) != nil {
		return otherwise
	}
	return seen.Spec.ServiceScale
}

// keepsPods: a budget keeps none where all pods of its service may go at a time; whatever else goes, takes pods or the way to them with it.
func (a *Always) keepsPods(wr *cluster.Write) bool {
	if wr.Key.Kind != "PodDisruptionBudget" {
		return true
	}
	d, _ := a.w.Store.Get("Deployment", Namespace, wr.Key.Name).(*appsv1.Deployment)
	if d == nil {
		return false
	}
	scale := a.scale(wr, wr.Before.GetLabels()[frontdoor.LabelService], v1alpha1.ServiceScale{})
	return release.HasBudget(release.CurrentRenderVersion, scale, ptr.Deref(d.Spec.Replicas, 1))
}

// serves: customers may be sent to the release.
func (a *Always) serves(rel string) bool { return rel != "" && a.w.busy()[rel] }

// servingIsKept: nothing goes of a stack that customers may be sent to, nor of the front door.
func (a *Always) servingIsKept(wr *cluster.Write) {
	if wr.After != nil || wr.Before == nil {
		return
	}
	labels := wr.Before.GetLabels()
	rel := labels[frontdoor.LabelRelease]
	switch wr.Key.Kind {
	case "Deployment", "Service", "PodDisruptionBudget":
		if a.serves(rel) && a.keepsPods(wr) {
			a.broken(wr, "an object of release %s, which serves, is deleted", rel)
		}
	case "HorizontalPodAutoscaler":
		s, _ := a.w.Store.Get("ShopService", Namespace, labels[frontdoor.LabelService]).(*v1alpha1.ShopService)
		fresh := a.w.Delay == nil // one that cannot know yet that the service is autoscaled harms no pod
		if fresh && a.serves(rel) && s != nil && s.Spec.Autoscaling != nil {
			a.broken(wr, "the autoscaler of %s in release %s, which serves, is deleted", s.Name, rel)
		}
	case "ConfigMap", "Role", "RoleBinding", "ServiceAccount":
		if grantsAnother(wr.Before) { // nobody can change that, so it is made anew
			return
		}
		if labels[frontdoor.LabelComponent] == frontdoor.ComponentFrontDoor || wr.Key.Name == frontdoor.TableName(Shop) {
			a.broken(wr, "an object of the front door is deleted")
		}
	}
}

func grantsAnother(o client.Object) bool {
	b, is := o.(*rbacv1.RoleBinding)
	return is && (b.RoleRef.Kind != "Role" || b.RoleRef.Name != b.Name)
}

// servingKeepsItsPods: what serves is not scaled below its minimum, and the pods of an
// autoscaled service are its autoscaler's.
func (a *Always) servingKeepsItsPods(wr *cluster.Write) {
	after, is := wr.After.(*appsv1.Deployment)
	before, was := wr.Before.(*appsv1.Deployment)
	if !is || !was || wr.Verb == "status" {
		return
	}
	rel, service := after.Labels[frontdoor.LabelRelease], after.Labels[frontdoor.LabelService]
	has, gets := ptr.Deref(before.Spec.Replicas, 1), ptr.Deref(after.Spec.Replicas, 1)
	if gets >= has || rel == "" || !a.w.busy()[rel] {
		return
	}
	s, _ := a.w.Store.Get("ShopService", Namespace, service).(*v1alpha1.ShopService)
	switch {
	case s == nil:
		a.broken(wr, "%s of release %s, which serves, is scaled from %d to %d", service, rel, has, gets)
	case s.Spec.Autoscaling != nil && has <= s.Spec.Autoscaling.MaxReplicas:
		a.broken(wr, "%s of release %s, which is autoscaled, is scaled from %d to %d", service, rel, has, gets)
	case s.Spec.Autoscaling == nil && gets < ptr.Deref(s.Spec.Replicas, 1):
		a.broken(wr, "%s of release %s, which serves, is scaled from %d to %d, below its %d", service, rel, has, gets, *s.Spec.Replicas)
	}
}

// isSwapped tells whether a copy holds something else than its name says.
func isSwapped(o client.Object) bool {
	var hash string
	var err error
	switch c := o.(type) {
	case *corev1.Secret:
		hash, err = release.HashSecret(c)
	case *corev1.ConfigMap:
		hash, err = release.HashConfigMap(c)
	}
	return err == nil && !release.IsCopyOf(o.GetName(), hash)
}

// historyIsKept: what a way back needs is there.
func (a *Always) historyIsKept(wr *cluster.Write) {
	if wr.After != nil || wr.Before == nil {
		return
	}
	switch wr.Key.Kind {
	case "ShopRelease":
		if rel := wr.Before.(*v1alpha1.ShopRelease); a.isNeeded(rel) {
			a.broken(wr, "ShopRelease %s is deleted, which serves, served before or is pinned", rel.Name)
		}
	case "ConfigMap", "Secret":
		if isSwapped(wr.Before) { // somebody put it there, and pods would read what nobody released
			return
		}
		for _, o := range a.w.Store.All("ShopRelease") {
			for _, c := range o.(*v1alpha1.ShopRelease).Spec.Copies {
				if string(c.Kind) == wr.Key.Kind && c.Copy == wr.Key.Name {
					a.broken(wr, "a copy that ShopRelease %s needs is deleted", o.GetName())
				}
			}
		}
	}
}

func (a *Always) isNeeded(rel *v1alpha1.ShopRelease) bool {
	s, t := a.w.Shop(), a.w.table()
	pinned := s != nil && s.Spec.Release.Active != "" && (s.Spec.Release.Active == rel.Name || s.Spec.Release.Active == rel.Spec.Version)
	return a.w.busy()[rel.Name] || pinned || (t.Switch != nil && t.Switch.From == rel.Name)
}

// workIsNotKilled: a migration that runs is let end, and so is a check, unless its release was given up.
func (a *Always) workIsNotKilled(wr *cluster.Write) {
	job, is := wr.Before.(*batchv1.Job)
	if !is || wr.After != nil || ended(job) {
		return
	}
	if job.Labels[frontdoor.LabelComponent] == frontdoor.ComponentCheck && !a.isCandidate(job.Labels[frontdoor.LabelRelease]) {
		return
	}
	a.broken(wr, "Job %s is deleted while it runs", job.Name)
}

func (a *Always) isCandidate(name string) bool {
	rel, _ := a.w.Store.Get("ShopRelease", Namespace, name).(*v1alpha1.ShopRelease)
	return rel != nil && rel.Annotations[v1alpha1.AnnotationCandidateSince] != ""
}

// migrationsDoNotOverlap: no pod of an older migration of a service is left when the next begins.
func (a *Always) migrationsDoNotOverlap(wr *cluster.Write) {
	job, is := wr.After.(*batchv1.Job)
	if !is || wr.Before != nil || job.Labels[frontdoor.LabelComponent] != frontdoor.ComponentMigration {
		return
	}
	service := job.Labels[frontdoor.LabelJob]
	a.irreversibleIsMarked(wr, job.Labels[frontdoor.LabelRelease], service)
	for _, o := range a.w.Store.All("Pod") {
		pod := o.(*corev1.Pod)
		over := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if pod.Labels[frontdoor.LabelComponent] == frontdoor.ComponentMigration && pod.Labels[frontdoor.LabelJob] == service && !over {
			a.broken(wr, "a second migration of %s begins while pod %s of an older one runs", service, pod.Name)
		}
	}
	for _, o := range a.w.Store.All("Job") {
		other := o.(*batchv1.Job)
		if other.Name != job.Name && other.Labels[frontdoor.LabelComponent] == frontdoor.ComponentMigration && other.Labels[frontdoor.LabelJob] == service && !ended(other) {
			a.broken(wr, "a second migration of %s begins while Job %s runs", service, other.Name)
		}
	}
}

// irreversibleIsMarked: who dies right after the Job was made must remember what it does.
func (a *Always) irreversibleIsMarked(wr *cluster.Write, name, service string) {
	rel, _ := a.w.Store.Get("ShopRelease", Namespace, name).(*v1alpha1.ShopRelease)
	if rel == nil || rel.Annotations[v1alpha1.AnnotationIrreversibleSince] != "" {
		return
	}
	for i := range rel.Spec.Services {
		if s := &rel.Spec.Services[i]; s.Name == service && s.Migration != nil && s.Migration.Irreversible {
			a.broken(wr, "the irreversible migration of %s begins and ShopRelease %s is not marked", service, name)
		}
	}
}
