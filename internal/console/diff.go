package console

import (
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// difference of two releases that are on record; false: one is not.
func difference(o view.Objects, from, to string) (Diff, bool) {
	before, after := record(o, from), record(o, to)
	if before == nil || after == nil {
		return Diff{}, false
	}
	d := Diff{APIVersion: view.APIVersion, Kind: "Diff", Shop: o.Shop.Name, From: from, To: to, Services: view.Diff(before, after)}
	differs := map[string]bool{}
	for _, s := range d.Services {
		differs[s.Service] = true
	}
	for _, s := range after.Spec.Services {
		if !differs[s.Name] {
			d.Same++
		}
	}
	return d, true
}

func record(o view.Objects, name string) *v1alpha1.ShopRelease {
	for i := range o.Releases {
		if r := &o.Releases[i]; r.Name == name && r.Spec.Shop == o.Shop.Name {
			return r
		}
	}
	return nil
}
