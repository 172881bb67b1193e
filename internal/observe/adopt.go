package observe

import (
	"slices"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Adopt puts a record into the world that was written in this pass, as Read would have.
func (w *World) Adopt(rel *v1alpha1.ShopRelease) {
	if w.Releases[rel.Name] != nil {
		return
	}
	w.Releases[rel.Name] = rel
	w.adopted = append(w.adopted, rel.Name)
	planned := w.reader.plannedRelease(w.Shop, rel)
	if w.Shop.UsesGatewayAPI() {
		addGateway(w.Shop, &planned)
	}
	w.Observed.Releases = append(w.Observed.Releases, planned)
}

// IsAdopted tells whether the record was written in this pass. What is known of its status is that of the one before: the
// next pass, which sees the new one, tells it.
func (w *World) IsAdopted(release string) bool { return slices.Contains(w.adopted, release) }
