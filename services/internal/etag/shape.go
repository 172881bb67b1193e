package etag

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// ShapeOf is the shape of T as JSON: which fields it has, of what type, at every
// depth. It is worked out once, when the program starts, and costs an answer
// nothing. A type that writes its own JSON counts by its name and Go fields.
func ShapeOf[T any]() Shape {
	var out strings.Builder
	describe(&out, reflect.TypeFor[T](), map[reflect.Type]bool{})
	return ShapeFrom(out.String())
}

// describe writes a type's shape. open holds the structs around it, which a type
// that contains itself would otherwise describe for ever.
func describe(out *strings.Builder, t reflect.Type, open map[reflect.Type]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		out.WriteString(t.Kind().String() + " ")
		describe(out, t.Elem(), open)
	case reflect.Map:
		out.WriteString("map " + t.Key().Kind().String() + " ")
		describe(out, t.Elem(), open)
	case reflect.Struct:
		describeStruct(out, t, open)
	default:
		out.WriteString(t.Kind().String())
		if writesItself(t) {
			out.WriteString(" " + t.String())
		}
	}
}

func describeStruct(out *strings.Builder, t reflect.Type, open map[reflect.Type]bool) {
	if open[t] {
		out.WriteString("again " + t.String())
		return
	}
	open[t] = true
	defer delete(open, t)
	if writesItself(t) {
		out.WriteString(t.String())
	}
	out.WriteString("{")
	for field := range fields(t) {
		fmt.Fprintf(out, "%s %q ", field.Name, field.Tag.Get("json"))
		describe(out, field.Type, open)
		out.WriteString(";")
	}
	out.WriteString("}")
}

// fields are those that JSON has; of a type that writes itself, all.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	own := writesItself(t)
	return func(yield func(reflect.StructField) bool) {
		for n := range t.NumField() {
			f := t.Field(n)
			shown := (f.IsExported() || f.Anonymous) && f.Tag.Get("json") != "-"
			if (shown || own) && !yield(f) {
				return
			}
		}
	}
}

func writesItself(t reflect.Type) bool {
	marshaler, text := reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()
	p := reflect.PointerTo(t)
	return p.Implements(marshaler) || p.Implements(text)
}
