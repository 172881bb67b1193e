package release

import (
	"fmt"
	"slices"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// findProblems finds what no single object's validation can see. services are
// sorted by name, so the sentences are the same on every pass.
func findProblems(services []v1alpha1.ReleaseService, hashes map[Ref]string, shop *v1alpha1.Shop) []Problem {
	var out []Problem
	if len(services) == 0 {
		return []Problem{{"", "the shop has no services yet: create a ShopService whose spec.shop names it"}}
	}
	out = append(out, unknownDependencies(services)...)
	out = append(out, sharedPaths(services)...)
	out = append(out, forbiddenMetadata(shop, services)...)
	return append(out, missingConfigs(services, hashes)...)
}

func unknownDependencies(services []v1alpha1.ReleaseService) (out []Problem) {
	for _, s := range services {
		for _, dep := range s.DependsOn {
			if !slices.ContainsFunc(services, func(o v1alpha1.ReleaseService) bool { return o.Name == dep }) {
				out = append(out, Problem{s.Name, fmt.Sprintf("ShopService %s: spec.dependsOn names %s, which is no ShopService of this shop; create it or remove the entry", s.Name, dep)})
			}
			if dep == s.Name {
				out = append(out, Problem{s.Name, fmt.Sprintf("ShopService %s: spec.dependsOn names the service itself; remove the entry", s.Name)})
			}
		}
	}
	return out
}

func sharedPaths(services []v1alpha1.ReleaseService) (out []Problem) {
	owner := map[string]string{}
	for _, s := range services {
		for _, r := range s.Routes {
			if other, taken := owner[r.Path]; taken {
				out = append(out, Problem{s.Name, fmt.Sprintf("ShopServices %s and %s: spec.routes of both hold %s; a path belongs to one service, so change one of them", other, s.Name, r.Path)})
				continue
			}
			owner[r.Path] = s.Name
		}
	}
	return out
}

func missingConfigs(services []v1alpha1.ReleaseService, hashes map[Ref]string) (out []Problem) {
	for i := range services {
		refs := References(&services[i].ServiceTemplate)
		for _, ref := range sortedRefs(refs) {
			if _, found := hashes[ref]; !found && !refs[ref] {
				out = append(out, Problem{services[i].Name, fmt.Sprintf("ShopService %s: %s %s, which it takes values from, does not exist; create it or remove the reference", services[i].Name, ref.Kind, ref.Name)})
			}
		}
	}
	return out
}
