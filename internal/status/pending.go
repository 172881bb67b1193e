package status

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
)

// pendingMessage lists what waits for another spec.release.version, or for the end of a pin.
func pendingMessage(w *observe.World, held string) string {
	policy := w.Shop.Spec.Release
	by, wayOut := "spec.release.version", "change it to cut a release with them"
	if policy.Active != "" {
		by, wayOut = "spec.release.active", "clear it to release them"
	}
	what := "services"
	if rel := w.Releases[held]; rel != nil {
		what = strings.Join(differing(rel.Spec, w.Snapshot.Spec), ", ")
	}
	return fmt.Sprintf("%s differ from release %s, which %s names; %s", what, held, by, wayOut)
}

// differing names the services, and the ConfigMaps and Secrets, that differ between two snapshots.
func differing(a, b v1alpha1.ShopReleaseSpec) (out []string) {
	before, after := byService(a), byService(b)
	for name, now := range after {
		if was, there := before[name]; !there {
			out = append(out, name+" (new)")
		} else if !equality.Semantic.DeepEqual(was, now) {
			out = append(out, name)
		}
	}
	for name := range before {
		if _, there := after[name]; !there {
			out = append(out, name+" (removed)")
		}
	}
	for _, c := range b.Copies {
		if !slices.Contains(a.Copies, c) {
			out = append(out, string(c.Kind)+" "+c.Name)
		}
	}
	if len(out) == 0 {
		return []string{"ConfigMaps and Secrets"}
	}
	slices.Sort(out)
	return out
}

func byService(s v1alpha1.ShopReleaseSpec) map[string]v1alpha1.ServiceTemplate {
	out := map[string]v1alpha1.ServiceTemplate{}
	for _, svc := range s.Services {
		out[svc.Name] = svc.ServiceTemplate
	}
	return out
}
