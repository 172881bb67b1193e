package release

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Same tells whether two snapshots hold a service alike: all that ends in its pods, and its
// routes. Its scale is no part of that.
func Same(a, b *v1alpha1.ShopReleaseSpec, service string) bool {
	was, is := serviceOf(a, service), serviceOf(b, service)
	if was == nil || is == nil || !equality.Semantic.DeepEqual(was.ServiceTemplate, is.ServiceTemplate) {
		return false
	}
	for ref := range References(&is.ServiceTemplate) {
		if copyOf(a, ref) != copyOf(b, ref) {
			return false
		}
	}
	return true
}

func serviceOf(s *v1alpha1.ShopReleaseSpec, name string) *v1alpha1.ReleaseService {
	i := slices.IndexFunc(s.Services, func(o v1alpha1.ReleaseService) bool { return o.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Services[i]
}

// copyOf returns the name of the copy of a ConfigMap or Secret, which holds the hash of its content; "": there is none.
func copyOf(s *v1alpha1.ShopReleaseSpec, ref Ref) string {
	for _, c := range s.Copies {
		if c.Kind == ref.Kind && c.Name == ref.Name {
			return c.Copy
		}
	}
	return ""
}
