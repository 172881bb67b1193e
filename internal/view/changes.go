package view

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// The kinds of changes.
const (
	added   = "added"
	removed = "removed"
	changed = "changed"
)

// ServiceDiff is what differs of one service between two releases.
type ServiceDiff struct {
	Service string   `json:"service"`
	Changes []Change `json:"changes"`
}

// Diff compares two releases, service by service; services without a difference are left out.
func Diff(from, to *v1alpha1.ShopRelease) []ServiceDiff {
	names := map[string]bool{}
	for _, r := range []*v1alpha1.ShopRelease{from, to} {
		if r != nil {
			for _, s := range r.Spec.Services {
				names[s.Name] = true
			}
		}
	}
	out := []ServiceDiff{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if c := changes(find(from, name), find(to, name), copies(from), copies(to)); len(c) > 0 {
			out = append(out, ServiceDiff{Service: name, Changes: c})
		}
	}
	return out
}

// copies are, by the kind and name that a service uses, the copies of a release: they hold the hash of the content.
func copies(r *v1alpha1.ShopRelease) map[string]string {
	out := map[string]string{}
	if r != nil {
		for _, c := range r.Spec.Copies {
			out[string(c.Kind)+" "+c.Name] = c.Copy
		}
	}
	return out
}

func changes(from, to *v1alpha1.ReleaseService, before, after map[string]string) []Change {
	switch {
	case from == nil && to == nil:
		return []Change{}
	case from == nil:
		return []Change{{Op: added, To: to.Image}}
	case to == nil:
		return []Change{{Op: removed, From: from.Image}}
	}
	out := []Change{}
	if from.Image != to.Image {
		out = append(out, Change{Field: "image", Op: changed, From: from.Image, To: to.Image})
	} else if from.ImageDigest != to.ImageDigest && from.ImageDigest != "" && to.ImageDigest != "" {
		out = append(out, Change{Field: "imageDigest", Op: changed, From: from.ImageDigest, To: to.ImageDigest})
	}
	out = append(out, env(from.Env, to.Env)...)
	out = append(out, contents(from, to, before, after)...)
	return append(out, fields(from, to)...)
}

// env compares variables by name. Values are shown where they stand in the ShopService; those of Secrets do not.
func env(from, to []corev1.EnvVar) (out []Change) {
	was, is := byName(from), byName(to)
	for _, name := range slices.Sorted(maps.Keys(union(was, is))) {
		a, before := was[name]
		b, after := is[name]
		switch field := "env." + name; {
		case !before:
			out = append(out, Change{Field: field, Op: added, To: shorten(valueOf(b))})
		case !after:
			out = append(out, Change{Field: field, Op: removed, From: shorten(valueOf(a))})
		case !reflect.DeepEqual(a, b):
			out = append(out, alter(field, valueOf(a), valueOf(b)))
		}
	}
	return out
}

func byName(all []corev1.EnvVar) map[string]corev1.EnvVar {
	out := map[string]corev1.EnvVar{}
	for _, e := range all {
		out[e.Name] = e
	}
	return out
}

func union[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func valueOf(e corev1.EnvVar) string {
	if e.ValueFrom == nil {
		return e.Value
	}
	return shown(e.ValueFrom)
}

func alter(field, from, to string) Change {
	c := Change{Field: field, Op: changed}
	c.From, c.To = contrast(from, to)
	return c
}

// contents names ConfigMaps and Secrets whose content changed, and never says how.
func contents(from, to *v1alpha1.ReleaseService, before, after map[string]string) (out []Change) {
	text := shown(from) + shown(to)
	for _, name := range slices.Sorted(maps.Keys(union(before, after))) {
		kind, object, _ := strings.Cut(name, " ")
		if before[name] == after[name] || before[name] == "" || after[name] == "" || !strings.Contains(text, `"`+object+`"`) {
			continue
		}
		out = append(out, Change{Field: camel(kind) + " " + object, Op: changed, From: "its content", To: "another content"})
	}
	return out
}

// camel is a kind as fields of the API are written: configMap. One that is empty stays so: records are as people restored them.
func camel(kind string) string {
	if kind == "" {
		return ""
	}
	return strings.ToLower(kind[:1]) + kind[1:]
}

// told are the fields that are compared by other means, or are no part of a release.
var told = map[string]bool{"name": true, "image": true, "imageDigest": true, "env": true, "source": true}

// fields compares all other fields of the API, by their names there.
func fields(from, to *v1alpha1.ReleaseService) (out []Change) {
	was, is := asMap(from), asMap(to)
	for _, name := range slices.Sorted(maps.Keys(union(was, is))) {
		a, before := was[name]
		b, after := is[name]
		if told[name] || reflect.DeepEqual(a, b) {
			continue
		}
		switch {
		case !before:
			out = append(out, Change{Field: name, Op: added, To: shorten(shown(b))})
		case !after:
			out = append(out, Change{Field: name, Op: removed, From: shorten(shown(a))})
		default:
			out = append(out, alter(name, shown(a), shown(b)))
		}
	}
	return out
}

func asMap(s *v1alpha1.ReleaseService) map[string]any {
	out := map[string]any{}
	_ = json.Unmarshal([]byte(shown(s)), &out) // it was JSON a moment ago
	return out
}

// shown is a value as JSON, a string without its quotes.
func shown(v any) string {
	if s, is := v.(string); is {
		return s
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
