package observe

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// readBudgets finds the PodDisruptionBudgets of others that select pods of what serves. Each service
// has one from the operator, and Kubernetes evicts no pod that two of them select (kubernetes
// pkg/registry/core/pod/storage/eviction.go): the nodes with such pods cannot be drained.
func (r *Reader) readBudgets(ctx context.Context, w *World) error {
	var list policyv1.PodDisruptionBudgetList
	if err := r.Configs.Metadata.List(ctx, &list, client.InNamespace(w.Shop.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the PodDisruptionBudgets of others: %w", err)
	}
	w.Budgets = budgets(w.Shop, list.Items, w.pods, w.Observed.Table.Active)
	return nil
}

// budgets returns, by service, the names of the budgets that select its pods in a release, sorted.
func budgets(shop *v1alpha1.Shop, all []policyv1.PodDisruptionBudget, pods []corev1.Pod, release string) map[string][]string {
	out := map[string][]string{}
	for i := range all {
		b := &all[i]
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil || metav1.IsControlledBy(b, shop) {
			continue
		}
		for j := range pods {
			l := pods[j].Labels
			service := l[frontdoor.LabelService]
			if l[frontdoor.LabelRelease] == release && service != "" && selector.Matches(labels.Set(l)) && !slices.Contains(out[service], b.Name) {
				out[service] = append(out[service], b.Name)
			}
		}
	}
	for service := range out {
		slices.Sort(out[service])
	}
	return out
}
