package observe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/source"
)

// sourcesOf reads the ShopSources that services take their images from, by name; those that are not there are left out.
// A shop without any costs no read.
func (r *Reader) sourcesOf(ctx context.Context, services []v1alpha1.ShopService) (map[string]*v1alpha1.ShopSource, error) {
	named := func(s v1alpha1.ShopService) bool { return s.Spec.ImageFrom != nil }
	if !slices.ContainsFunc(services, named) {
		return nil, nil
	}
	var list v1alpha1.ShopSourceList
	if err := r.Cache.List(ctx, &list, client.InNamespace(services[0].Namespace)); err != nil {
		return nil, fmt.Errorf("listing ShopSources: %w", err)
	}
	out := map[string]*v1alpha1.ShopSource{}
	for i := range list.Items {
		one := &list.Items[i]
		from := func(s v1alpha1.ShopService) bool { return named(s) && s.Spec.ImageFrom.Source == one.Name }
		if slices.ContainsFunc(services, from) {
			out[one.Name] = one
		}
	}
	return out, nil
}

// building returns the sources that have not ended with their newest commit, sorted by name.
func building(sources map[string]*v1alpha1.ShopSource) (out []plan.SourceBuild) {
	for _, s := range sources {
		if commit := PendingCommit(s); commit != "" {
			out = append(out, plan.SourceBuild{Name: s.Name, Commit: commit, Timeout: source.Timeout(&s.Spec)})
		}
	}
	slices.SortFunc(out, func(a, b plan.SourceBuild) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// PendingCommit is the commit that a source builds or is about to build; "": none, for it is built, has failed, or
// nothing goes on.
func PendingCommit(s *v1alpha1.ShopSource) string {
	switch ready := meta.FindStatusCondition(s.Status.Conditions, string(v1alpha1.ConditionReady)); {
	case s.Status.Building != nil:
		return s.Status.Building.Commit
	case ready != nil && ready.Status != metav1.ConditionTrue && v1alpha1.Reason(ready.Reason) == v1alpha1.ReasonQueued:
		return s.Status.Commit
	}
	return ""
}

// ShopsFrom returns the shops of a namespace whose services take their image from a source.
func (r *Reader) ShopsFrom(ctx context.Context, namespace, name string) []string {
	return r.shopsNaming(ctx, namespace, sourceKind, name)
}
