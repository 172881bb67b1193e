package viewtest

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// nasty are strings as they come from registries, logs, other teams and records that people restored.
var nasty = []string{
	"", " ", "\x1b[31mred\x1b[0m", "\x1b]0;title\a", "a\r\nb", "\u202edrow\u2066", "\u200b", "\x00", "\xff\xfe", "\u009b31m", "…", "商店", "👩‍👩‍👧‍👦", "e\u0301",
	strings.Repeat("long ", 100), Active, Candidate, Previous, "acme", "acme ", "@", ":", "/", "a@sha256:", "a:b:c@", "-", "%s%d", "`", "\u2028",
}

// Broken is the world of a number with some of its values changed, three bytes an edit: which value, and to what. The same bytes change
// the same. Objects of an API server can be worse than those that its schemas let in: they are older than these.
func Broken(world uint8, edits []byte) view.Objects {
	worlds := Worlds()
	o := worlds[slices.Sorted(maps.Keys(worlds))[int(world)%len(worlds)]]
	for ; len(edits) >= 3; edits = edits[3:] {
		all := values(reflect.ValueOf(&o).Elem(), nil)
		mutate(all[(int(edits[0])<<8|int(edits[1]))%len(all)], edits[2])
	}
	if o.Shop == nil { // nobody is shown a Shop that is not there
		o.Shop = &v1alpha1.Shop{}
	}
	return o
}

// values are all that can be set in a value, itself before what it holds.
func values(v reflect.Value, out []reflect.Value) []reflect.Value {
	if v.CanSet() {
		out = append(out, v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out = values(v.Elem(), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				out = values(v.Field(i), out)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out = values(v.Index(i), out)
		}
	default:
	}
	return out
}

func mutate(v reflect.Value, how byte) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(nasty[int(how)%len(nasty)])
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt([]int64{0, -1, 1, math.MaxInt32, math.MinInt32}[how%5])
	case reflect.Pointer:
		if v.Set(reflect.Zero(v.Type())); how%2 == 1 {
			v.Set(reflect.New(v.Type().Elem()))
		}
	case reflect.Slice:
		resize(v, how)
	case reflect.Map:
		relabel(v, how)
	default:
		v.SetZero()
	}
}

// resize empties a list, doubles it, or adds an empty element.
func resize(v reflect.Value, how byte) {
	switch how % 3 {
	case 0:
		v.SetZero()
	case 1:
		v.Set(reflect.AppendSlice(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, 0), v), v))
	case 2:
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	}
}

// relabel sets one of the labels or annotations that views look at, or takes all away.
func relabel(v reflect.Value, how byte) {
	keys := []string{
		v1alpha1.AnnotationRejected, v1alpha1.AnnotationIrreversibleSince, v1alpha1.AnnotationLeftBehind, v1alpha1.AnnotationStartFailed, "meta.helm.sh/release-name",
		"argocd.argoproj.io/tracking-id", "kustomize.toolkit.fluxcd.io/name",
	}
	if v.Type() != reflect.TypeFor[map[string]string]() || how == 0 {
		v.SetZero()
		return
	}
	with := map[string]string{}
	maps.Copy(with, v.Interface().(map[string]string))
	with[keys[int(how)%len(keys)]] = nasty[int(how)%len(nasty)]
	v.Set(reflect.ValueOf(with))
}
