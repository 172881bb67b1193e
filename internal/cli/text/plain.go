package text

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean takes away what a terminal would obey, or would not show: control characters, escapes, marks that turn the direction of
// text, and characters without a width, by which two names look alike.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
}

// Clean is text from the cluster as a terminal may have it, line by line.
func Clean(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// plain is a view with every string in it cleaned, so that no printer has to think of it.
func plain[V any](v V) V {
	out := reflect.New(reflect.TypeFor[V]()).Elem()
	out.Set(cleaned(reflect.ValueOf(v)))
	return out.Interface().(V)
}

// cleaned copies what views are made of: structs, lists, pointers, strings and numbers.
func cleaned(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(clean(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(cleaned(v.Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if out.Field(i).CanSet() { // those of time.Time are not
				out.Field(i).Set(cleaned(v.Field(i)))
			}
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		}
		elements(v, out)
	case reflect.Array:
		elements(v, out)
	default:
	}
	return out
}

func elements(from, to reflect.Value) {
	for i := range from.Len() {
		to.Index(i).Set(cleaned(from.Index(i)))
	}
}

// apart are two values as a terminal may have them. Where only characters tell them apart that it does not show, these are written out.
func apart(from, to string) (string, string) {
	a, b := clean(from), clean(to)
	if a == b && from != to {
		return strconv.QuoteToASCII(from), strconv.QuoteToASCII(to)
	}
	return a, b
}
