package observe

import "github.com/emporium-shop/emporium/api/v1alpha1"

// Adopt puts a record into the world that was written in this pass.
func (w *World) Adopt(rel *v1alpha1.ShopRelease) {
	if w.Releases[rel.Name] == nil {
		w.Releases[rel.Name] = rel
		w.Observed.Releases = append(w.Observed.Releases, w.reader.plannedRelease(w.Shop, rel))
	}
}
