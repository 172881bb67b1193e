package release

import (
	"slices"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// CurrentRenderVersion is the version of the rendering that new releases get. What the
// versions are is in internal/resources/version.go.
const CurrentRenderVersion int32 = 4

// revisionOf hashes what belongs to a revision: all that ends in pods, the set of
// services and their routes. The numbers of replicas do not, nor does the version of
// the rendering: a newer operator makes no new release of what did not change. Nor does the
// digest of a tag: whether its registry answers must not decide on the name. Nor does the commit that an image was built
// from: one that changes no image makes no release.
func revisionOf(spec v1alpha1.ShopReleaseSpec) (string, error) {
	spec.RenderVersion = 0
	spec.Services = slices.Clone(spec.Services)
	for i := range spec.Services {
		spec.Services[i].ImageDigest, spec.Services[i].Source = "", nil
		spec.Services[i].Replicas, spec.Services[i].Autoscaling, spec.Services[i].DisruptionBudget = nil, nil, nil
	}
	sum, err := digest(spec)
	if err != nil {
		return "", err
	}
	return sum[:revisionLength], nil
}
