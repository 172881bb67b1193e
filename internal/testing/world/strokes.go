package world

import (
	"slices"

	"github.com/emporium-shop/emporium/internal/plan"
)

// Strokes of fate and of users.

// Forget deletes a ShopRelease.
func (w *World) Forget(release string) {
	w.Observed.Releases = slices.DeleteFunc(w.Observed.Releases, func(r plan.Release) bool { return r.Name == release })
}

// Stumble makes a running service lose its pods.
func (w *World) Stumble(release, service string) {
	run := w.Observed.Stacks[release][service]
	run.Available, w.age[release+"/"+service] = 0, 0
	w.Observed.Stacks[release][service] = run
}

// Retry removes what says that the guard rejected a release.
func (w *World) Retry(release string) {
	for i := range w.Observed.Releases {
		if r := &w.Observed.Releases[i]; r.Name == release {
			r.Rejected = ""
		}
	}
}
