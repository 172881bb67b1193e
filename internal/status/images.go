package status

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/release"
)

// mostListed is how many services a sentence about images names.
const mostListed = 3

// setPinned tells whether a release is the same program for good. It rests on the record and on
// which pods run, so it changes only with them.
func setPinned(w *observe.World, rel *v1alpha1.ShopRelease, s *v1alpha1.ShopReleaseStatus) {
	reason, message := pinned(w, rel)
	set(&s.Conditions, rel.Generation, v1alpha1.ConditionImagesPinned, reason == v1alpha1.ReasonPinned, reason, message)
}

func pinned(w *observe.World, rel *v1alpha1.ShopRelease) (v1alpha1.Reason, string) {
	open := release.Unpinned(&rel.Spec)
	if len(open) == 0 {
		return v1alpha1.ReasonPinned, "the digest of every image is known"
	}
	var differ, tags []string
	for _, svc := range open {
		if runs := w.Programs[rel.Name][svc.Name]; len(runs) > 1 {
			differ = append(differ, fmt.Sprintf("pods of %s run %s", svc.Name, images(runs)))
		}
		tags = append(tags, fmt.Sprintf("%s (%s)", svc.Name, svc.Image))
	}
	if len(differ) > 0 {
		return v1alpha1.ReasonImagesDiffer, listed(differ) + ": their tag was moved; delete the pods that run the wrong one, or release a digest"
	}
	message := fmt.Sprintf("pods that start later may run another program, and so may this release when one goes back to it: the digests of %s are not known; name digests in spec.image", listed(tags))
	if why := rel.Annotations[v1alpha1.AnnotationUnresolved]; why != "" {
		message += "; when it was cut: " + why
	}
	return v1alpha1.ReasonUnresolvedTags, message
}

// programsOf says that a service runs several programs in the release that serves; "": it is one.
func programsOf(w *observe.World, active, service string) string {
	runs := w.Programs[active][service]
	rel := w.Releases[active]
	if len(runs) < 2 || rel == nil || !slices.ContainsFunc(release.Unpinned(&rel.Spec), func(s *v1alpha1.ReleaseService) bool { return s.Name == service }) {
		return ""
	}
	return fmt.Sprintf(", but its pods run %s: the tag was moved; delete the pods that run the wrong one, or release a digest", images(runs))
}

// images names programs by as much of their digests as people read.
func images(runs []string) string {
	const readable = len("sha256:") + 12
	short := map[string]bool{}
	for _, r := range runs {
		short[cut(r, min(len(r), readable))] = true
	}
	return fmt.Sprintf("%d images, %s", len(runs), listed(slices.Sorted(maps.Keys(short))))
}

func listed(all []string) string {
	if rest := len(all) - mostListed; rest > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:mostListed], ", "), rest)
	}
	return strings.Join(all, ", ")
}
