// Command policy writes config/policy/acts.yaml: the admission policy by which each act on a Shop needs a right of its own. It is made of
// the Go type, so that no field of the spec can be forgotten.
//
//	go run ./hack/policy
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func main() {
	text, err := render()
	if err == nil {
		err = os.WriteFile(filepath.Join("config", "policy", "acts.yaml"), []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(1)
	}
}

// owned are the fields that have a right of their own; every other one needs configure.
var owned = map[string]bool{"paused": true, "release.active": true}

func render() (string, error) {
	template, err := os.ReadFile(filepath.Join("hack", "policy", "acts.yaml.tmpl"))
	if err != nil {
		return "", err
	}
	return strings.Replace(string(template), "${SAME}", same(configured()), 1), nil
}

// configured are the fields of the spec that need configure: all of them, and of release each below it.
func configured() (out []string) {
	for _, field := range fieldsOf(reflect.TypeFor[v1alpha1.ShopSpec]()) {
		if field != "release" {
			out = append(out, field)
			continue
		}
		for _, below := range fieldsOf(reflect.TypeFor[v1alpha1.ReleasePolicy]()) {
			out = append(out, field+"."+below)
		}
	}
	kept := out[:0]
	for _, field := range out {
		if !owned[field] {
			kept = append(kept, field)
		}
	}
	return kept
}

func fieldsOf(t reflect.Type) (out []string) {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

// same is CEL that is true where none of the fields changed.
func same(fields []string) string {
	lines := make([]string, len(fields))
	for i, field := range fields {
		path := "spec.?" + strings.ReplaceAll(field, ".", ".?")
		lines[i] = fmt.Sprintf("object.%s == oldObject.%s", path, path)
	}
	return strings.Join(lines, " &&\n      ")
}
