package observe

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// Program is what a container runs, by content: "@sha256:…" is the digest of what was pulled, and "sha256:…"
// that of the node's own copy, where the image was never pulled. "": it did not start yet.
func Program(c *corev1.ContainerStatus) string {
	id := c.ImageID
	if _, digest, pulled := strings.Cut(id, "@"); pulled {
		return "@" + digest
	}
	if _, own, scheme := strings.Cut(id, "://"); scheme {
		return own
	}
	return id
}

// programs finds the services of which pods of one release run several programs: the tag of their
// image was moved. Only what is named alike can be compared, and pods that end do not count.
func programs(pods []corev1.Pod) map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for i := range pods {
		p := &pods[i]
		rel, service := p.Labels[frontdoor.LabelRelease], p.Labels[frontdoor.LabelService]
		if service == "" || !p.DeletionTimestamp.IsZero() || p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded {
			continue
		}
		for j := range p.Status.ContainerStatuses {
			c := &p.Status.ContainerStatuses[j]
			if runs := Program(c); c.Name == service && runs != "" && !slices.Contains(all[rel][service], runs) {
				if all[rel] == nil {
					all[rel] = map[string][]string{}
				}
				all[rel][service] = append(all[rel][service], runs)
			}
		}
	}
	return severalOf(all)
}

func severalOf(all map[string]map[string][]string) map[string]map[string][]string {
	out := map[string]map[string][]string{}
	for rel, services := range all {
		for service, runs := range services {
			if several := alike(runs); len(several) > 1 {
				if out[rel] == nil {
					out[rel] = map[string][]string{}
				}
				out[rel][service] = several
			}
		}
	}
	return out
}

// alike returns the digests of the one kind of which there are several, sorted.
func alike(runs []string) []string {
	var pulled, own []string
	for _, r := range runs {
		if digest, is := strings.CutPrefix(r, "@"); is {
			pulled = append(pulled, digest)
			continue
		}
		own = append(own, r)
	}
	several := pulled
	if len(own) > len(pulled) {
		several = own
	}
	slices.Sort(several)
	return several
}
