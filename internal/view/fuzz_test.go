package view_test

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"testing"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

// FuzzOf: whatever stands in objects, people get a view of them, twice the same, of the form that the schema promises.
func FuzzOf(f *testing.F) {
	r := rand.New(rand.NewSource(13))
	for world := range len(viewtest.Worlds()) {
		f.Add(uint8(world), []byte{})
		for range 8 {
			edits := make([]byte, 3*(1+r.Intn(8)))
			r.Read(edits)
			f.Add(uint8(world), edits)
		}
	}
	status, why, tree := schemaOf(f, "status"), schemaOf(f, "why"), schemaOf(f, "tree")
	f.Fuzz(func(t *testing.T, world uint8, edits []byte) {
		o := viewtest.Broken(world, edits)
		v := view.Of(o)
		first, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(view.Of(o)); !bytes.Equal(first, again) {
			t.Errorf("%s\nthen\n%s", first, again)
		}
		services := []string{"", "cart", "nobody"}
		for _, s := range services {
			if err := why.Validate(asJSON(t, view.Why(o, s))); err != nil {
				t.Errorf("why %s: %v", s, err)
			}
		}
		if err := status.Validate(asJSON(t, v)); err != nil {
			t.Errorf("status: %v", err)
		}
		if err := tree.Validate(asJSON(t, view.Tree(o, "", true))); err != nil {
			t.Errorf("tree: %v", err)
		}
		diffs(o)
	})
}

// diffs compares all releases, and each with none.
func diffs(o view.Objects) {
	all := []*v1alpha1.ShopRelease{nil}
	for i := range o.Releases {
		all = append(all, &o.Releases[i])
	}
	for _, from := range all {
		for _, to := range all {
			view.Diff(from, to)
		}
	}
}
