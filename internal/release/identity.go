package release

import "github.com/emporium-shop/emporium/api/v1alpha1"

// Identities returns, by service, what is the same in two releases exactly where the pods of the
// service are: its template, and the configuration that it takes.
func Identities(spec *v1alpha1.ShopReleaseSpec) map[string]string {
	out := make(map[string]string, len(spec.Services))
	for i := range spec.Services {
		s := &spec.Services[i]
		var copies []string
		for _, ref := range sortedRefs(References(&s.ServiceTemplate)) {
			copies = append(copies, copyOf(spec, ref))
		}
		sum, err := digest([]any{s.ServiceTemplate, copies})
		if err != nil {
			continue // values of the API: it cannot fail
		}
		out[s.Name] = sum[:2*revisionLength]
	}
	return out
}
