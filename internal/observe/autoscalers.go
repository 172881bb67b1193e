package observe

import (
	"context"
	"fmt"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// readAutoscalers finds the HorizontalPodAutoscalers of others that scale what serves. Beside another one
// Kubernetes lets neither scale (kubernetes pkg/controller/podautoscaler/horizontal.go, AmbiguousSelector), and
// where the number of pods is fixed it takes turns with the operator.
func (r *Reader) readAutoscalers(ctx context.Context, w *World) error {
	var list autoscalingv2.HorizontalPodAutoscalerList
	if err := r.Configs.Metadata.List(ctx, &list, client.InNamespace(w.Shop.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the HorizontalPodAutoscalers of others: %w", err)
	}
	w.Autoscalers = autoscalers(w.Shop, list.Items, w.Releases[w.Observed.Table.Active])
	return nil
}

// autoscalers returns, by service, the names of the autoscalers that scale it in a release, sorted.
func autoscalers(shop *v1alpha1.Shop, all []autoscalingv2.HorizontalPodAutoscaler, rel *v1alpha1.ShopRelease) map[string][]string {
	out := map[string][]string{}
	for i := range all {
		a, target := &all[i], all[i].Spec.ScaleTargetRef
		if rel == nil || target.Kind != "Deployment" || metav1.IsControlledBy(a, shop) {
			continue
		}
		for j := range rel.Spec.Services {
			if s := rel.Spec.Services[j].Name; release.ObjectName(shop.Name, s, rel.Spec.Revision) == target.Name {
				out[s] = append(out[s], a.Name)
			}
		}
	}
	for service := range out {
		slices.Sort(out[service])
	}
	return out
}
