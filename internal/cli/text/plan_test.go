package text

import (
	"io"
	"testing"

	"github.com/emporium-shop/emporium/internal/foresee"
	"github.com/emporium-shop/emporium/internal/view"
)

func TestWhatAPlanLooksLike(t *testing.T) {
	base := foresee.Foresight{Shop: "acme", Active: "acme-c10d3fe3", Release: "acme-7c1d09ab", Services: 3}
	image := []view.ServiceDiff{{Service: "catalog", Changes: []view.Change{
		{Field: "image", Op: "changed", From: "registry.example/catalog:1", To: "registry.example/catalog:2"}, {Field: "env.FEATURE_X", Op: "added", To: "on"}}}}
	whole, refused, back, nothing := base, base, base, base
	whole.Changes, whole.Diff = true, image
	whole.Steps = []foresee.Step{
		{What: "settle", Detail: "3s after the last change"}, {What: "migrate", Detail: "catalog", Warning: "irreversible: closes the way back to acme-c10d3fe3"},
		{What: "start", Detail: "13 pods beside 13"}, {What: "check", Detail: "smoke, prices"}, {What: "approval", Detail: "spec.release.promotion is Manual: kubectl shop promote acme acme-7c1d09ab"},
	}
	refused.Changes, refused.Diff, refused.Refused, refused.Why = true, image, "QuotaExceeded", "release acme-7c1d09ab needs 1300m of requests.cpu and ResourceQuota compute has 500m left; nothing was created; raise the ResourceQuota"
	refused.Notes = []string{"not seen: Pod objects (you may not list them)"}
	back.Changes, back.Exists = true, true
	back.Diff = []view.ServiceDiff{{Service: "tax", Changes: []view.Change{{Op: "removed", From: "tax:1"}}}, {Service: "cart", Changes: []view.Change{{Op: "added", To: "cart:1"}}}}
	nothing.Release = nothing.Active
	var all []printing
	for _, x := range []struct {
		name string
		f    foresee.Foresight
	}{{"whole", whole}, {"refused", refused}, {"back", back}, {"nothing", nothing}} {
		all = append(all, printing{"plan, " + x.name, func(out io.Writer, o Options) error { return Plan(out, x.f, o) }})
	}
	golden(t, "plan", all...)
}
