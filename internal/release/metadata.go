package release

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// forbiddenMetadata finds labels and annotations of pods that the Shop does not allow. A
// label can put a pod behind any Service of the namespace, and an annotation can make
// a webhook mount what the team may not.
func forbiddenMetadata(shop *v1alpha1.Shop, services []v1alpha1.ReleaseService) (out []Problem) {
	allowed := shop.Spec.AllowedPodMetadata
	if slices.Contains(allowed, "*") {
		return nil
	}
	for i := range services {
		names := podMetadata(&services[i].ServiceTemplate)
		names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(allowed, n) })
		if len(names) > 0 {
			out = append(out, Problem{services[i].Name, fmt.Sprintf("ShopService %s: gives its pods the label or annotation %s, which the Shop does not allow; remove it, or let the Shop's owner allow it%s",
				services[i].Name, strings.Join(names, ", "), allowMetadata(shop, names))})
		}
	}
	return out
}

// allowMetadata returns the command that allows names; "" where one is none that
// Kubernetes takes. The command is for a shell: nothing else gets into it.
func allowMetadata(shop *v1alpha1.Shop, names []string) string {
	all := slices.Concat(shop.Spec.AllowedPodMetadata, names)
	if slices.ContainsFunc(all, func(n string) bool { return len(validation.IsQualifiedName(n)) > 0 }) {
		return " in spec.allowedPodMetadata"
	}
	return fmt.Sprintf(` with: kubectl -n %s patch shop %s --type=merge -p '{"spec":{"allowedPodMetadata":["%s"]}}'`,
		shop.Namespace, shop.Name, strings.Join(all, `","`))
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
