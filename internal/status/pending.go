package status

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
)

// pendingMessage lists what waits for another spec.release.version.
func pendingMessage(w *observe.World) string {
	version := w.Shop.Spec.Release.Version
	var of *v1alpha1.ShopRelease
	for _, rel := range w.Releases {
		if rel.Spec.Version == version {
			of = rel
		}
	}
	if of == nil {
		return "services differ from the release of this version; change spec.release.version to cut one with them"
	}
	return fmt.Sprintf("%s differ from release %s of version %s; change spec.release.version to cut one with them",
		strings.Join(differing(of.Spec, w.Snapshot.Spec), ", "), of.Name, version)
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
