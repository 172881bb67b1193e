package release

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// FromSources gives the services that take their image from a ShopSource the one that it built last, and says
// of which services there is none. The ShopServices that are handed in stay as they are.
func FromSources(services []v1alpha1.ShopService, sources map[string]*v1alpha1.ShopSource) (out []v1alpha1.ShopService, refused []Problem) {
	for _, s := range services {
		if from := s.Spec.ImageFrom; from != nil {
			source := sources[from.Source]
			if why := withoutImage(source); why != "" {
				refused = append(refused, Problem{s.Name, fmt.Sprintf("ShopService %s: spec.imageFrom names ShopSource %s, %s", s.Name, from.Source, why)})
			} else {
				s.Spec.Image = source.Status.Latest.Image
			}
		}
		out = append(out, s)
	}
	return out, refused
}

// withoutImage says why a source has no image, and what to do.
func withoutImage(source *v1alpha1.ShopSource) string {
	switch {
	case source == nil:
		return "which does not exist; create it, or set spec.image instead"
	case source.Status.Latest != nil:
		return ""
	}
	if ready := meta.FindStatusCondition(source.Status.Conditions, string(v1alpha1.ConditionReady)); ready != nil && ready.Message != "" {
		return "which has no image yet: " + ready.Message
	}
	return "which has no image yet; kubectl get shopsource " + source.Name + " -o wide says why"
}

// Record notes for each service which commit its image was built from. It is no part of the revision.
func (s *Snapshot) Record(services []v1alpha1.ShopService, sources map[string]*v1alpha1.ShopSource) {
	from := map[string]*v1alpha1.ShopSource{}
	for i := range services {
		if named := services[i].Spec.ImageFrom; named != nil {
			from[services[i].Name] = sources[named.Source]
		}
	}
	for i := range s.Spec.Services {
		svc := &s.Spec.Services[i]
		if source := from[svc.Name]; source != nil && source.Status.Latest != nil {
			svc.Source = &v1alpha1.ReleaseSource{Name: source.Name, Commit: source.Status.Latest.Commit, Version: source.Status.Latest.Version}
		}
	}
}
