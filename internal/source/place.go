package source

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// ShopOf is the Shop whose builds a source's are: that of the first ShopService, by name, that takes its
// image, where it is there; else the first of the namespace. nil: the namespace has none.
func ShopOf(source string, services []v1alpha1.ShopService, shops []v1alpha1.Shop) *v1alpha1.Shop {
	var first *v1alpha1.ShopService
	var out *v1alpha1.Shop
	for i := range services {
		s := &services[i]
		if s.Spec.ImageFrom != nil && s.Spec.ImageFrom.Source == source && (first == nil || s.Name < first.Name) && slices.ContainsFunc(shops, named(s.Spec.Shop)) {
			first = s
		}
	}
	for i := range shops {
		shop := &shops[i]
		if first != nil && shop.Name == first.Spec.Shop {
			return shop
		}
		if out == nil || shop.Name < out.Name {
			out = shop
		}
	}
	return out
}

func named(name string) func(v1alpha1.Shop) bool {
	return func(s v1alpha1.Shop) bool { return s.Name == name }
}

func hasReason(reason v1alpha1.Reason) func(metav1.Condition) bool {
	return func(c metav1.Condition) bool {
		return c.Type == string(v1alpha1.ConditionReady) && c.Reason == string(reason)
	}
}

// SlotName names a slot, and the volume that holds its cache.
func SlotName(shop string, slot int32) string {
	return fmt.Sprintf("%s-%s-%d", shop, ComponentBuild, slot)
}

// Waits tells whether a source says that it waits for its turn.
func Waits(s *v1alpha1.ShopSource) bool {
	return !s.Spec.Paused && slices.ContainsFunc(s.Status.Conditions, hasReason(v1alpha1.ReasonQueued)) && s.DeletionTimestamp.IsZero()
}

// First returns the one of the waiting sources whose turn it is: whose last build ended longest ago, or that has had none.
// So each one gets its turn, whatever the others commit. "": none waits.
func First(waiting []v1alpha1.ShopSource) string {
	if len(waiting) == 0 {
		return ""
	}
	return slices.MinFunc(waiting, func(a, b v1alpha1.ShopSource) int {
		if c := lastBuild(&a).Compare(lastBuild(&b)); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	}).Name
}

func lastBuild(s *v1alpha1.ShopSource) (at time.Time) {
	if l := s.Status.Latest; l != nil {
		at = l.At.Time
	}
	if f := s.Status.Failed; f != nil && f.At.After(at) {
		at = f.At.Time
	}
	return at
}

// Owner returns which of the sources that name a repository may push to it: the oldest, and of several the first by name.
func Owner(repository string, sources []v1alpha1.ShopSource) string {
	var owner *v1alpha1.ShopSource
	for i := range sources {
		s := &sources[i]
		if s.Spec.Image == repository && (owner == nil || older(s, owner)) {
			owner = s
		}
	}
	if owner == nil {
		return ""
	}
	return owner.Name
}

func older(a, b *v1alpha1.ShopSource) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

// Taken says that another source pushes to the repository; "": none does.
func Taken(source, repository string, sources []v1alpha1.ShopSource) string {
	owner := Owner(repository, sources)
	if owner == source || owner == "" {
		return ""
	}
	return fmt.Sprintf("ShopSource %s: spec.image is %s, to which ShopSource %s pushes; delete that one, or create this one anew with another image", source, repository, owner)
}
