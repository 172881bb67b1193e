package harness

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// patience is how long a status may lag behind pods: Kubernetes tells of them a step later.
const patience = 2 * time.Second

// statusIsTrue: a status claims nothing that the cluster does not show. Where caches lag, a
// status may too: it is then looked at when all is at rest.
func (a *Always) statusIsTrue(wr *cluster.Write) {
	shop, is := wr.After.(*v1alpha1.Shop)
	if !is || wr.Verb != "status" || a.w.Delay != nil || a.w.running() > 1 {
		return
	}
	for _, lie := range a.lies(shop) {
		a.broken(wr, "%s", lie)
	}
}

// running is the number of operators that are alive.
func (w *World) running() (n int) {
	for _, o := range w.Operators {
		if !o.Client.Dead() {
			n++
		}
	}
	return n
}

func (a *Always) lies(shop *v1alpha1.Shop) (out []string) {
	s, t := shop.Status, a.w.table()
	says := func(c v1alpha1.ConditionType) bool { return meta.IsStatusConditionTrue(s.Conditions, string(c)) }
	lie := func(is bool, what string) {
		if is {
			out = append(out, what)
		}
	}
	lie(s.ObservedGeneration != shop.Generation, "the status says that it speaks of another generation than the shop's")
	lie(s.Active != nil && t.Active != "" && s.Active.Release != t.Active, "status.active is not what the table names")
	lie(says(v1alpha1.ConditionAvailable) && a.outage != "" && a.w.Now.Sub(a.since) > patience, "Available is True, but "+a.outage)
	if says(v1alpha1.ConditionReady) {
		lie(!a.w.fulfilled(shop), "Ready is True, but "+t.Active+" is not what is asked for")
		lie(len(a.w.routed()) > 1, "Ready is True, but replicas of the front door route to two releases")
		lie(says(v1alpha1.ConditionStalled) || says(v1alpha1.ConditionReconciling), "Ready is True beside Stalled or Reconciling")
	}
	if l := s.LastSwitch; l != nil && l.ConfirmedAt != nil && l.To == t.Active {
		for rel := range a.w.routed() {
			lie(rel != l.To, "lastSwitch.confirmedAt is set, but a ready replica routes to "+rel)
		}
	}
	return out
}

// fulfilled tells whether what the spec asks for is what the table names.
func (w *World) fulfilled(shop *v1alpha1.Shop) bool {
	active, _ := w.Store.Get("ShopRelease", Namespace, w.table().Active).(*v1alpha1.ShopRelease)
	if active == nil {
		return false
	}
	p := shop.Spec.Release
	if p.Active != "" {
		return active.Name == p.Active || active.Spec.Version == p.Active
	}
	if p.Version != "" {
		return active.Spec.Version == p.Version
	}
	return w.Content(shop) == active.Name
}

// Content names the release that the services make.
func (w *World) Content(shop *v1alpha1.Shop) string {
	hashes := map[release.Ref]string{}
	for _, kind := range []v1alpha1.ConfigKind{v1alpha1.ConfigMapKind, v1alpha1.SecretKind} {
		for _, o := range w.Store.All(string(kind)) {
			if o.GetLabels()["app.kubernetes.io/managed-by"] == "emporium" {
				continue
			}
			hash, err := "", error(nil)
			switch o := o.(type) {
			case *corev1.ConfigMap:
				hash, err = release.HashConfigMap(o)
			case *corev1.Secret:
				hash, err = release.HashSecret(o)
			}
			if err == nil {
				hashes[release.Ref{Kind: kind, Name: o.GetName()}] = hash
			}
		}
	}
	services, _ := release.FromSources(w.services(), w.sources())
	snapshot, err := release.Take(shop, services, named(shop, services, hashes))
	if err != nil {
		return ""
	}
	return snapshot.Name
}

// named are the hashes of what the services name: others are no part of a release.
func named(shop *v1alpha1.Shop, services []v1alpha1.ShopService, all map[release.Ref]string) map[release.Ref]string {
	out := map[release.Ref]string{}
	templates := []*v1alpha1.ServiceTemplate{{Env: shop.Spec.Defaults.Env}}
	for i := range services {
		templates = append(templates, &services[i].Spec.ServiceTemplate)
	}
	for _, t := range templates {
		for ref := range release.References(t) {
			if hash, there := all[ref]; there {
				out[ref] = hash
			}
		}
	}
	return out
}

func (w *World) services() (out []v1alpha1.ShopService) {
	for _, o := range w.Store.All("ShopService") {
		if s := o.(*v1alpha1.ShopService); s.Spec.Shop == Shop && s.DeletionTimestamp.IsZero() {
			out = append(out, *s)
		}
	}
	return out
}

func (w *World) sources() map[string]*v1alpha1.ShopSource {
	out := map[string]*v1alpha1.ShopSource{}
	for _, o := range w.Store.All("ShopSource") {
		out[o.GetName()] = o.(*v1alpha1.ShopSource)
	}
	return out
}

// AtRest checks what the cluster shows when nothing changes any more.
func (a *Always) AtRest() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if shop := a.w.Shop(); shop != nil {
		for _, lie := range a.lies(shop) {
			a.violate("at rest: %s", lie)
		}
	}
}
