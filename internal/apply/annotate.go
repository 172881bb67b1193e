package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// annotateAll keeps on the ShopReleases what the next decision rests on. It comes before what is
// begun, so that this is also remembered: an irreversible migration before its Job, a rejection
// before the switch back.
func (w *Writer) annotateAll(ctx context.Context, world *observe.World, d *plan.Decision) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(world.Releases)) {
		errs = append(errs, w.annotate(ctx, world, d, name))
	}
	return errors.Join(errs...)
}

func (w *Writer) annotate(ctx context.Context, world *observe.World, d *plan.Decision, name string) error {
	rel := world.Releases[name]
	if rel == nil {
		return nil
	}
	want := annotations(world.Shop, rel, d)
	if r, is := world.Unrecorded[name]; is && name != d.Forgiven && want[v1alpha1.AnnotationRejected] == "" {
		want[v1alpha1.AnnotationRejected], want[v1alpha1.AnnotationRejectedServices] = r.Verdict, strings.Join(r.Services, " ")
	}
	if maps.Equal(want, rel.Annotations) {
		return nil
	}
	patched := rel.DeepCopy()
	patched.Annotations = want
	w.wrote("ShopRelease", "patch")
	err := w.Client.Patch(ctx, patched, client.MergeFrom(rel))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("annotating ShopRelease %s: %w", name, err)
	}
	if err == nil {
		rel.Annotations = want // a second look in this pass finds it done
	}
	return nil
}

func annotations(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease, d *plan.Decision) map[string]string {
	out := maps.Clone(rel.Annotations)
	if out == nil {
		out = map[string]string{}
	}
	candidate := rel.Name == d.Candidate
	set := func(name, value string) {
		if delete(out, name); value != "" {
			out[name] = value
		}
	}
	since := ""
	if candidate && !d.CandidateSince.IsZero() {
		since = stamp(d.CandidateSince)
	}
	set(v1alpha1.AnnotationCandidateSince, since)
	switch {
	case candidate:
		set(v1alpha1.AnnotationStartFailed, d.StartFailed)
		set(v1alpha1.AnnotationMigrated, join(out[v1alpha1.AnnotationMigrated], d.Migrated))
		set(v1alpha1.AnnotationPassedChecks, join(out[v1alpha1.AnnotationPassedChecks], checkJobs(shop, rel, d.PassedChecks)))
		set(v1alpha1.AnnotationFailedJobs, plan.FormatFailedJobs(d.FailedJobs))
	case d.Kept(rel.Name):
		delete(out, v1alpha1.AnnotationStartFailed)
	default: // one that comes back is migrated and checked again
		delete(out, v1alpha1.AnnotationStartFailed)
		delete(out, v1alpha1.AnnotationMigrated)
		delete(out, v1alpha1.AnnotationPassedChecks)
		delete(out, v1alpha1.AnnotationFailedJobs)
	}
	if candidate && !d.IrreversibleSince.IsZero() {
		set(v1alpha1.AnnotationIrreversibleSince, stamp(d.IrreversibleSince))
		set(v1alpha1.AnnotationLeftBehind, strings.Join(d.LeavesBehind, " "))
	}
	if rel.Name == d.Forgiven {
		delete(out, v1alpha1.AnnotationRejected)
		delete(out, v1alpha1.AnnotationStartFailed)
	}
	if rel.Name == d.Table.Active && out[v1alpha1.AnnotationRejected] == "" && !d.Watched() { // it was tried again, and serves
		delete(out, v1alpha1.AnnotationRejectedServices)
	}
	if rel.Name == d.Rejected {
		set(v1alpha1.AnnotationRejected, d.Verdict)
		set(v1alpha1.AnnotationRejectedServices, strings.Join(d.RejectedServices, " "))
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// join adds names to a list of names.
func join(list string, more []string) string {
	all := append(strings.Fields(list), more...)
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// checkJobs names the Jobs of checks: their names hold what is run, so a changed check is another.
func checkJobs(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease, checks []string) (out []string) {
	for i := range shop.Spec.Release.Checks {
		c := &shop.Spec.Release.Checks[i]
		if name, err := release.CheckName(shop.Name, rel.Spec.Revision, c); err == nil && slices.Contains(checks, c.Name) {
			out = append(out, name)
		}
	}
	return out
}
