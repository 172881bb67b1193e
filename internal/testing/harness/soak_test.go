package harness

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// An operator runs for years: what it remembers is bounded by what there is, not by what there was. It is counted, not
// measured: a heap of megabytes hides some bytes of each release, and they are what makes it die after a year.
func TestAnOperatorRemembersNothingOfReleasesThatAreGone(t *testing.T) {
	for name, bad := range map[string]bool{"each serves": false, "the guard rejects each second": true} {
		t.Run(name, func(t *testing.T) {
			w := soaking()
			o := w.Operators[0]
			few := soakReleases(w, 0, 8, bad)
			many := soakReleases(w, 8, soakLength(), bad)
			t.Logf("remembered after 8 releases: %d elements; after %d: %d", few, soakLength(), many)
			if len(w.Always.violations) > 0 || o.Client.Dead() {
				t.Fatalf("the story went wrong: %v", w.Always.violations)
			}
			if many > few+few/20 {
				t.Errorf("the operator remembers %d elements after 8 releases, and %d after %d: it grows with each", few, many, soakLength())
			}
		})
	}
}

// soakLength is ten thousand releases as proof.
func soakLength() int {
	switch {
	case proof():
		return 10_000
	case testing.Short():
		return 16
	}
	return 30
}

func soaking() *World {
	w := Installed(guarded, func(s *v1alpha1.Shop) { s.Spec.Release.RollbackWindow = duration(time.Second) })
	w.Errors["cart:bad"] = 50
	return w
}

// soakReleases ships one image after the other, and counts what the operator remembers then.
func soakReleases(w *World, from, to int, bad bool) int {
	for n := from; n < to; n++ {
		image := fmt.Sprintf("cart:%d", n+2)
		if bad && n%2 == 1 {
			image = "cart:bad"
			w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) { s.Args = []string{fmt.Sprint(n)} })
		}
		w.Image("cart", image)
		w.Rest()
		w.forget()
	}
	return w.remembered()
}

// remembered counts what the operator remembers.
func (w *World) remembered() int {
	seen := map[uintptr]bool{}
	return elements(reflect.ValueOf(w.Operators[0].Reconciler), seen) + elements(reflect.ValueOf(w.Operators[0].queue), seen)
}

func TestAnOperatorRemembersNothingOfShopsThatAreGone(t *testing.T) {
	w := Installed(guarded)
	policy := w.Shop()
	var gone []int
	for range 3 {
		w.Image("cart", "cart:2")
		w.Rest()
		w.User().Delete(w.Shop())
		w.Rest()
		gone = append(gone, w.remembered())
		shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: Shop, Namespace: Namespace}, Spec: *policy.Spec.DeepCopy()}
		w.User().Create(shop)
		w.Rest()
	}
	if gone[2] > gone[0] {
		t.Errorf("the operator remembers %d elements after one shop was there and gone, and %d after three", gone[0], gone[2])
	}
}

// forget drops what the world remembers itself.
func (w *World) forget() {
	w.Store.Forget()
	w.stories = nil
	for _, o := range w.Operators {
		o.Events = nil
	}
}

// ofTheWorld are the types behind which the harness begins: they grow with what it plays.
var ofTheWorld = map[reflect.Type]bool{
	reflect.TypeFor[*cluster.Client](): true, reflect.TypeFor[*cluster.Cache](): true, reflect.TypeFor[cluster.Live](): true,
	reflect.TypeFor[*World](): true, reflect.TypeFor[*Operator](): true, reflect.TypeFor[recorder](): true,
}

// elements counts the entries of all maps and lists that can be reached.
func elements(v reflect.Value, seen map[uintptr]bool) (n int) {
	if !v.IsValid() || ofTheWorld[v.Type()] {
		return 0
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Map:
		if v.IsNil() || seen[v.Pointer()] {
			return 0
		}
		seen[v.Pointer()] = true
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return elements(v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			n += elements(v.Field(i), seen)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			n += 1 + elements(it.Key(), seen) + elements(it.Value(), seen)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			n += 1 + elements(v.Index(i), seen)
		}
	}
	return n
}

// A count that misses what grows would be a check that cannot fail.
func TestTheCountOfWhatIsRememberedCanFail(t *testing.T) {
	type leaky struct {
		inner *struct{ seen map[string][]int }
	}
	l := &leaky{inner: &struct{ seen map[string][]int }{seen: map[string][]int{}}}
	before := elements(reflect.ValueOf(l), map[uintptr]bool{})
	l.inner.seen["acme-1"] = []int{1, 2}
	if after := elements(reflect.ValueOf(l), map[uintptr]bool{}); after != before+3 {
		t.Errorf("a map entry and a list of two count %d", after-before)
	}
}
