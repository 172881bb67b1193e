package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Snapshot is a release as it would be cut now.
type Snapshot struct {
	Name string
	Spec v1alpha1.ShopReleaseSpec
	// Problems say why these services cannot make a release together, one sentence
	// each, sorted. Empty: they can.
	Problems []string
	// Refused are the problems with whose they are.
	Refused []Problem
}

// Take makes the snapshot of a shop's services. hashes holds the content hash of
// every ConfigMap and Secret that exists and that they refer to.
func Take(shop *v1alpha1.Shop, services []v1alpha1.ShopService, hashes map[Ref]string) (Snapshot, error) {
	spec := v1alpha1.ShopReleaseSpec{Shop: shop.Name, Version: shop.Spec.Release.Version}
	for i := range services {
		spec.Services = append(spec.Services, snapshotService(&services[i], &shop.Spec.Defaults))
	}
	slices.SortFunc(spec.Services, func(a, b v1alpha1.ReleaseService) int { return strings.Compare(a.Name, b.Name) })
	problems := findProblems(spec.Services, hashes, shop)
	spec.Copies = copiesOf(shop.Name, spec.Services, hashes)
	revision, err := revisionOf(spec)
	if err != nil {
		return Snapshot{}, fmt.Errorf("hashing the services of shop %s: %w", shop.Name, err)
	}
	spec.Revision, spec.RenderVersion = revision, CurrentRenderVersion
	return Snapshot{Name: Name(shop.Name, revision), Spec: spec, Problems: messagesOf(problems), Refused: problems}, nil
}

func snapshotService(s *v1alpha1.ShopService, d *v1alpha1.ServiceDefaults) v1alpha1.ReleaseService {
	spec := s.Spec.DeepCopy()
	out := v1alpha1.ReleaseService{
		Name:            s.Name,
		ServiceTemplate: spec.ServiceTemplate,
		Replicas:        spec.Replicas,
		Autoscaling:     spec.Autoscaling, DisruptionBudget: spec.DisruptionBudget,
	}
	out.Routes = withoutGrants(out.Routes)
	fillDefaults(&out.ServiceTemplate, d.DeepCopy())
	return out
}

// fillDefaults gives a service what it does not say itself. It takes d over, which is a copy.
func fillDefaults(t *v1alpha1.ServiceTemplate, d *v1alpha1.ServiceDefaults) {
	if t.Resources == nil {
		t.Resources = d.Resources
	}
	t.Env = envWithDefaults(t.Env, d.Env)
	if d.ImagePullSecrets == nil && d.NodeSelector == nil && d.Tolerations == nil {
		return
	}
	if t.Pod == nil {
		t.Pod = &v1alpha1.PodOptions{}
	}
	if t.Pod.ImagePullSecrets == nil {
		t.Pod.ImagePullSecrets = d.ImagePullSecrets
	}
	if t.Pod.NodeSelector == nil {
		t.Pod.NodeSelector = d.NodeSelector
	}
	if t.Pod.Tolerations == nil {
		t.Pod.Tolerations = d.Tolerations
	}
}

func copiesOf(shop string, services []v1alpha1.ReleaseService, hashes map[Ref]string) []v1alpha1.ConfigCopy {
	all := map[Ref]bool{}
	for i := range services {
		for ref := range References(&services[i].ServiceTemplate) {
			all[ref] = true
		}
	}
	var out []v1alpha1.ConfigCopy
	for _, ref := range sortedRefs(all) {
		if hash, ok := hashes[ref]; ok {
			out = append(out, v1alpha1.ConfigCopy{Kind: ref.Kind, Name: ref.Name, Copy: copyName(shop, ref, hash)})
		}
	}
	return out
}
