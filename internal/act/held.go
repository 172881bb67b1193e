package act

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/emporium-shop/emporium/internal/view"
)

// heldByGit refuses to take a field from what would put it back, and says what to commit instead.
func heldByGit(live *unstructured.Unstructured, what intent, holder *view.Holder) error {
	return &Refusal{
		Code: HeldByGit, Holder: holder, Patch: patchOf(what),
		Message: fmt.Sprintf("%s of Shop %s is held by %s, which would put it back. Nothing was changed: commit the change there",
			what.field(), live.GetName(), spoken(holder)),
	}
}

// spoken is a holder in words: Flux Kustomization flux-system/acme (kustomize-controller).
func spoken(h *view.Holder) string {
	if h.Name == "" {
		return h.Manager
	}
	name := h.Name
	if h.Namespace != "" {
		name = h.Namespace + "/" + name
	}
	return fmt.Sprintf("%s %s (%s)", h.Kind, name, h.Manager)
}

// patchOf is the change as a diff of the manifest.
func patchOf(what intent) string {
	var out strings.Builder
	last := len(what.path) - 1
	for i, name := range what.path[:last] {
		fmt.Fprintf(&out, "  %s%s:\n", strings.Repeat("  ", i), name)
	}
	for _, line := range []struct {
		sign  string
		value any
	}{{"-", what.was}, {"+", what.value}} {
		if line.value != nil {
			fmt.Fprintf(&out, "%s %s%s: %v\n", line.sign, strings.Repeat("  ", last), what.path[last], line.value)
		}
	}
	return out.String()
}
