package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// forbiddenMetadata finds labels and annotations of pods that the Shop does not allow. A
// label can put a pod behind any Service of the namespace, and an annotation can make
// a webhook mount what the team may not.
func forbiddenMetadata(services []v1alpha1.ReleaseService, allowed []string) (out []Problem) {
	if slices.Contains(allowed, "*") {
		return nil
	}
	for i := range services {
		names := podMetadata(&services[i].ServiceTemplate)
		names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(allowed, n) })
		if len(names) > 0 {
			out = append(out, Problem{services[i].Name, fmt.Sprintf("ShopService %s: gives its pods the label or annotation %s, which the Shop does not allow; add it to the Shop's spec.allowedPodMetadata or remove it",
				services[i].Name, strings.Join(names, ", "))})
		}
	}
	return out
}

// podMetadata returns the names of a service's labels and annotations, each once, sorted.
func podMetadata(t *v1alpha1.ServiceTemplate) []string {
	all := map[string]string{}
	if t.Pod != nil {
		maps.Copy(all, t.Pod.Labels)
		maps.Copy(all, t.Pod.Annotations)
	}
	if t.Migration != nil {
		maps.Copy(all, t.Migration.Labels)
		maps.Copy(all, t.Migration.Annotations)
	}
	return slices.Sorted(maps.Keys(all))
}
