package observe

import (
	"context"
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// readTable reads the routing table. The cache holds only what carries the operator's label, so
// a table that it does not hold is looked for past it: an absence decides about what serves. One
// that cannot be read counts as lost; its object is kept, to be written over.
func (r *Reader) readTable(ctx context.Context, w *World) error {
	var cm corev1.ConfigMap
	key := client.ObjectKey{Namespace: w.Shop.Namespace, Name: frontdoor.TableName(w.Shop.Name)}
	err := r.Cache.Get(ctx, key, &cm)
	if client.IgnoreNotFound(err) == nil && err != nil {
		err = r.Configs.Live.Get(ctx, key, &cm)
	}
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading the routing table: %w", err)
	}
	if err != nil {
		return nil
	}
	table, err := frontdoor.Decode(cm.Data[frontdoor.TableKey])
	if !isTableOf(w.Shop, &cm, table, err == nil) {
		return nil // somebody else's; the write says so
	}
	w.Table = &cm
	if err == nil {
		w.Observed.Table = table
	}
	return nil
}

// isTableOf tells the shop's table from somebody else's ConfigMap of the same name. Where nobody
// controls it, its content tells, or, where that cannot be read, what only the operator writes.
func isTableOf(shop *v1alpha1.Shop, cm *corev1.ConfigMap, table frontdoor.Table, readable bool) bool {
	owner := metav1.GetControllerOfNoCopy(cm)
	switch {
	case owner != nil:
		return owner.UID == shop.UID
	case readable:
		return table.Shop == shop.Name
	}
	return cm.Annotations[AnnotationApplied] != ""
}

// recoverTable finds out what the table named where it names nothing, or what it named once: it was deleted, cannot
// be read, or is somebody's backup. Replicas of the front door go on by it and report it; the records know it, too. Where
// nobody does although a stack runs that was more than a candidate, that is said.
func recoverTable(w *World, leases []coordinationv1.Lease) {
	if t := w.Observed.Table; t.Active != "" && !w.isOutdated(t.Active, t.Switch) {
		return
	}
	served := w.served()
	last, guarded := lastReported(leases, w.Observed.Stacks)
	if last.Active != "" && w.isOutdated(last.Active, &frontdoor.Switch{At: last.Switch}) { // replicas took the backup up
		last, guarded = frontdoor.Report{}, false
	}
	switch {
	case last.Active != "":
	case w.runs(statusActive(w)):
		last = frontdoor.Report{Active: statusActive(w), Switch: statusSwitch(w)}
	case len(served) == 1:
		last.Active = served[0]
	case slices.Contains(served, w.Shop.Spec.Release.Active):
		last.Active = w.Shop.Spec.Release.Active
	case len(served) == 0 && w.Releases[statusActive(w)] != nil: // all that ran is gone, too: what served is made again
		last = frontdoor.Report{Active: statusActive(w), Switch: statusSwitch(w)}
	case len(served) > 1:
		w.Observed.Unknown = fmt.Sprintf("ConfigMap %s, which says what serves, is lost, and no replica of the front door reports it; %v run and are left as they are: set spec.release.active to the one that shall serve",
			frontdoor.TableName(w.Shop.Name), served)
		return
	default:
		return // nothing served yet
	}
	w.Observed.Table = frontdoor.Table{Active: last.Active, Switch: w.recoverSwitch(last, served)}
	if g := w.Observed.Policy.Guard; guarded && g != nil && w.Observed.Table.Switch != nil {
		w.Observed.Table.Guard = &frontdoor.Guard{Until: last.Switch.Add(g.Window), Slow: g.MaxLatencyP99}
	}
}

// isOutdated: the status knows of a later switch than this one, to another release that runs. Switches only get later, so
// what names this one was put back by somebody, from a backup or by hand: customers would be sent to a stack that is long
// retired. A view of the table that is older than that of the status says the same, and what is written by it conflicts.
func (w *World) isOutdated(active string, s *frontdoor.Switch) bool {
	last := w.Shop.Status.LastSwitch
	if last == nil || last.To == active || !w.runs(last.To) {
		return false
	}
	return s == nil || s.At.Truncate(time.Microsecond).Before(last.WrittenAt.Time)
}

// recoverSwitch rebuilds the record of the last switch: its time from the replicas, and the release
// before it from the Shop's status, or as the other stack that served.
func (w *World) recoverSwitch(last frontdoor.Report, served []string) *frontdoor.Switch {
	out := w.recoverFrom(last, served)
	if out == nil {
		return nil
	}
	for _, r := range w.Observed.Releases {
		if r.Name == out.From {
			out.FromUID = r.UID // one that is deleted and cut anew from now on is another
		}
	}
	return out
}

func (w *World) recoverFrom(last frontdoor.Report, served []string) *frontdoor.Switch {
	out := &frontdoor.Switch{At: last.Switch}
	if rel := w.Releases[last.Active]; last.Switch.IsZero() && rel != nil {
		out.At = rel.CreationTimestamp.Time // replicas confirm a switch by its time, so it needs one
	}
	if out.At.IsZero() {
		return nil
	}
	if s := w.Shop.Status.LastSwitch; s != nil && s.To == last.Active && s.WrittenAt.Time.Equal(last.Switch.Truncate(time.Microsecond)) {
		out.From = s.From
		return out
	}
	if others := slices.DeleteFunc(slices.Clone(served), func(name string) bool { return name == last.Active }); len(others) == 1 {
		out.From = others[0]
	}
	return out
}

// served names the running stacks that are no candidates: those that serve, or did.
func (w *World) served() (out []string) {
	for name := range w.Observed.Stacks {
		if i := slices.IndexFunc(w.Observed.Releases, func(r plan.Release) bool { return r.Name == name }); i < 0 || w.Observed.Releases[i].CandidateSince.IsZero() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (w *World) runs(release string) bool {
	return release != "" && len(w.Observed.Stacks[release]) > 0
}

// lastReported returns the report of the newest switch, and whether counts were asked for then.
func lastReported(leases []coordinationv1.Lease, stacks map[string]plan.Stack) (last frontdoor.Report, guarded bool) {
	for i := range leases {
		r, err := frontdoor.ReportFrom(leases[i].Annotations)
		if err != nil || r.Active == "" || len(stacks[r.Active]) == 0 {
			continue
		}
		if last.Active == "" || r.Switch.After(last.Switch) {
			last, guarded = r, r.Counts != nil
		}
	}
	return last, guarded
}

func statusActive(w *World) string {
	if a := w.Shop.Status.Active; a != nil {
		return a.Release
	}
	return ""
}

func statusSwitch(w *World) time.Time {
	if s := w.Shop.Status.LastSwitch; s != nil && s.To == statusActive(w) {
		return s.WrittenAt.Time
	}
	return time.Time{}
}
