package release

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// envWithDefaults puts the defaults in front of a service's own entries, of which one
// with the same name wins. Kubernetes replaces $(NAME) by what stands earlier in the
// list only, so an own entry moves to the place of the default that it replaces where
// a later default that holds refers to it. Where none does it stays: moving it would change the
// revision for nothing, and could put it before what it refers to itself.
func envWithDefaults(own, defaults []corev1.EnvVar) []corev1.EnvVar {
	if len(defaults) == 0 {
		return own
	}
	holds := func(d corev1.EnvVar) bool { return position(own, d.Name) < 0 }
	rest := slices.Clone(own)
	var front []corev1.EnvVar
	for i, d := range defaults {
		refers := func(later corev1.EnvVar) bool { return holds(later) && strings.Contains(later.Value, "$("+d.Name+")") }
		switch at := position(rest, d.Name); {
		case at < 0:
			front = append(front, d)
		case slices.ContainsFunc(defaults[i+1:], refers):
			front = append(front, rest[at])
			rest = slices.Delete(rest, at, at+1)
		}
	}
	return append(front, rest...)
}

func position(env []corev1.EnvVar, name string) int {
	return slices.IndexFunc(env, func(e corev1.EnvVar) bool { return e.Name == name })
}
