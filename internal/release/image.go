package release

import (
	"regexp"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// NamesDigest tells whether an image is named by its content, and so can never be another.
func NamesDigest(image string) bool { return strings.Contains(image, "@") }

var recordable = regexp.MustCompile(`^sha256:[a-f0-9]{64}$`)

// IsDigest tells whether a release can record it.
func IsDigest(s string) bool { return recordable.MatchString(s) }

// ImageOf returns the image that the pods of a service run. The tag is left out beside a recorded
// digest: Kubernetes would ask the registry for ":latest" at each start of a pod, and nothing else reads it.
func ImageOf(s *v1alpha1.ReleaseService) string {
	if s.ImageDigest == "" || NamesDigest(s.Image) {
		return s.Image
	}
	return withoutTag(s.Image) + "@" + s.ImageDigest
}

// withoutTag: a colon before the last slash belongs to the port of the registry.
func withoutTag(image string) string {
	if i := strings.LastIndex(image, ":"); i > strings.LastIndex(image, "/") {
		return image[:i]
	}
	return image
}

// Unpinned returns the services of a release of which nobody knows what the tag of their image will name.
func Unpinned(spec *v1alpha1.ShopReleaseSpec) (out []*v1alpha1.ReleaseService) {
	for i := range spec.Services {
		if s := &spec.Services[i]; s.ImageDigest == "" && !NamesDigest(s.Image) {
			out = append(out, s)
		}
	}
	return out
}
