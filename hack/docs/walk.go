package main

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// row tells of one field.
type row struct {
	path, kind, fallback, bounds, text string
}

// walker goes through Go types and schemas side by side.
type walker struct {
	// told holds where each of our types was told of first: it is not told of again.
	told map[reflect.Type]string
	crd  crd
	rows []row
}

// part lists the fields of a kind's spec or status.
func (w *walker) part(c crd, name string, of reflect.Type) ([]row, error) {
	s, found := c.schema.Properties[name]
	if !found {
		return nil, fmt.Errorf("the CRD has no %s", name)
	}
	w.crd, w.rows = c, nil
	err := w.fields(name, of, s)
	return w.rows, err
}

func (w *walker) fields(at string, of reflect.Type, s schema) error {
	if first, told := w.told[of]; told {
		w.rows = append(w.rows, row{path: at + ".…", text: "as in " + first})
		return nil
	}
	w.told[of] = fmt.Sprintf("`%s` of %s", at, w.crd.kind)
	for i := range of.NumField() {
		if err := w.field(at, of.Field(i), s); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) field(at string, f reflect.StructField, s schema) error {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if f.Anonymous && name == "" {
		return w.inline(at, f.Type, s)
	}
	below, found := s.Properties[name]
	if !found {
		return fmt.Errorf("the CRD has no field %s.%s; run: make generate", at, name)
	}
	r := row{path: at + "." + name, kind: typeName(f.Type), fallback: fallback(below), bounds: bounds(below), text: below.Description}
	if slices.Contains(s.Required, name) {
		r.fallback = "required"
	}
	w.rows = append(w.rows, r)
	of, here := f.Type, r.path
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		if of.Kind() == reflect.Slice && below.Items != nil {
			below, here = *below.Items, here+"[]"
		}
		of = of.Elem()
	}
	if of.Kind() == reflect.Struct && isOurs(of) {
		return w.fields(here, of, below)
	}
	return nil
}

// inline tells of fields that a type has from another one. Where they were told of
// before, one row names them.
func (w *walker) inline(at string, of reflect.Type, s schema) error {
	if _, told := w.told[of]; !told {
		return w.fields(at, of, s)
	}
	var names []string
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		names = append(names, "`"+name+"`")
	}
	w.rows = append(w.rows, row{path: at + ".…", text: strings.Join(names, ", ") + ": as in " + w.told[of]})
	return nil
}

func isOurs(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[v1alpha1.Shop]().PkgPath()
}

// typeName names a type as a user writes it; Kubernetes' own by group, version and name.
func typeName(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[metav1.Duration]():
		return "duration"
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return "time"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		return "map of " + typeName(t.Elem())
	case reflect.Bool:
		return "boolean"
	case reflect.Int32, reflect.Int64:
		return "integer"
	case reflect.Struct:
		if isOurs(t) {
			return "object"
		}
		return path.Base(path.Dir(t.PkgPath())) + "/" + path.Base(t.PkgPath()) + " " + t.Name()
	default:
		return t.Kind().String()
	}
}
