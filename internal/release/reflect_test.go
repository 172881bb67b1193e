package release

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// filled returns a value of a type with something in every field, however deep.
func filled[T any]() *T {
	out := new(T)
	fill(reflect.ValueOf(out).Elem())
	return out
}

func fill(v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *resource.Quantity:
		*x = resource.MustParse("1")
		return
	case *intstr.IntOrString:
		*x = intstr.FromInt32(1)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
		setLeaf(v, "a", 1)
	}
}

// setLeaf sets a string, number or bool.
func setLeaf(v reflect.Value, text string, number int64) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(number == 1)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(number)
	case reflect.Uint8:
		v.SetUint(uint64(number))
	default:
		panic("a kind of field that this test does not know: " + v.Kind().String())
	}
}

// eachLeaf visits every value within a filled one that can be changed by itself. path is as in the YAML.
func eachLeaf(v reflect.Value, path string, visit func(path string, change func())) {
	switch x := v.Addr().Interface().(type) {
	case *resource.Quantity:
		visit(path, func() { *x = resource.MustParse("2") })
		return
	case *intstr.IntOrString:
		visit(path, func() { *x = intstr.FromInt32(2) })
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		eachLeaf(v.Elem(), path, visit)
	case reflect.Struct:
		for i := range v.NumField() {
			eachLeaf(v.Field(i), joined(path, v.Type().Field(i)), visit)
		}
	case reflect.Slice:
		eachLeaf(v.Index(0), path, visit)
	case reflect.Map:
		visit(path, func() { v.Set(reflect.MakeMap(v.Type())) })
	default:
		visit(path, func() { setLeaf(v, "b", 2) })
	}
}

func joined(path string, f reflect.StructField) string {
	name := strings.Split(f.Tag.Get("json"), ",")[0]
	if name == "" { // inlined
		return path
	}
	return strings.TrimPrefix(path+"."+name, ".")
}
