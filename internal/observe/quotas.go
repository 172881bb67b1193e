package observe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// readQuotas reads what the namespace's quotas have left. One with scopes counts only
// some pods, and which ones is Kubernetes' to say: it is left to the admission of pods.
func (r *Reader) readQuotas(ctx context.Context, w *World) error {
	var list corev1.ResourceQuotaList
	if err := r.Cache.List(ctx, &list, client.InNamespace(w.Shop.Namespace)); err != nil {
		return fmt.Errorf("listing ResourceQuotas: %w", err)
	}
	for _, q := range list.Items {
		if len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
			continue
		}
		left := map[string]resource.Quantity{}
		for name, hard := range q.Status.Hard {
			rest := hard.DeepCopy()
			rest.Sub(q.Status.Used[name])
			left[string(name)] = rest
		}
		w.Observed.Quotas = append(w.Observed.Quotas, plan.Quota{Name: q.Name, Left: left})
	}
	slices.SortFunc(w.Observed.Quotas, func(a, b plan.Quota) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// perPod is what one pod takes of quotas, under the names that quotas use.
func perPod(r *corev1.ResourceRequirements) map[string]resource.Quantity {
	out := map[string]resource.Quantity{"pods": resource.MustParse("1"), "count/pods": resource.MustParse("1")}
	if r == nil {
		return out
	}
	for name, q := range r.Limits {
		out["limits."+string(name)] = q
		out["requests."+string(name)], out[string(name)] = q, q // what a pod that asks for nothing else asks for
	}
	for name, q := range r.Requests {
		out["requests."+string(name)], out[string(name)] = q, q
	}
	return out
}

// perService is what a service of a stack takes beside its pods.
func perService() map[string]resource.Quantity {
	one := resource.MustParse("1")
	return map[string]resource.Quantity{
		"services": one, "count/services": one, "count/deployments.apps": one, "count/replicasets.apps": one,
		"count/poddisruptionbudgets.policy": one,
	}
}

// ShopsIn names the shops of a namespace.
func (r *Reader) ShopsIn(ctx context.Context, namespace string) []string {
	var shops v1alpha1.ShopList
	if r.Cache.List(ctx, &shops, client.InNamespace(namespace), client.UnsafeDisableDeepCopy) != nil {
		return nil // the cache is not there yet; every shop is looked at when it is
	}
	var out []string
	for i := range shops.Items {
		out = append(out, shops.Items[i].Name)
	}
	return out
}

// MoreRoom tells whether a quota has more left of anything than before.
func MoreRoom(before, after *corev1.ResourceQuota) bool {
	for name, hard := range after.Status.Hard {
		was, counted := before.Status.Hard[name]
		left, had := hard.DeepCopy(), was.DeepCopy()
		left.Sub(after.Status.Used[name])
		had.Sub(before.Status.Used[name])
		if counted && left.Cmp(had) > 0 {
			return true
		}
	}
	return len(after.Status.Hard) < len(before.Status.Hard)
}
