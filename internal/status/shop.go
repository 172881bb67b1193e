package status

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/resources"
)

// Shop returns the status of a shop.
func Shop(w *observe.World, d *plan.Decision) v1alpha1.ShopStatus {
	s := *w.Shop.Status.DeepCopy()
	s.ObservedGeneration = w.Shop.Generation
	s.Active = reference(w, d.Table.Active, activeSince(d))
	s.Candidate = reference(w, d.Candidate, d.CandidateSince)
	s.Previous = previous(d)
	s.LastSwitch = lastSwitch(w, d)
	s.Services = count(w, d)
	s.Address = address(w.Shop, w.Entrance)
	s.PreviewAddress = ""
	if d.Table.Preview != "" {
		s.PreviewAddress = resources.PreviewURL(w.Shop, w.Releases[d.Table.Preview])
	}
	if w.Route != nil {
		s.Address, s.PreviewAddress = routeAddresses(w, d)
	}
	conditions(w, d, &s)
	s.WaitingFor = waitingFor(d)
	s.Recent = recent(w, d, readyReason(&s), s.LastSwitch)
	if d.Retried != "" {
		s.Retried = d.Retried
	}
	return s
}

func conditions(w *observe.World, d *plan.Decision, s *v1alpha1.ShopStatus) {
	gen := w.Shop.Generation
	available, why := isAvailable(w)
	reason := d.Reason
	if !available && d.Reason == v1alpha1.ReasonServing {
		reason = v1alpha1.ReasonDegraded
	}
	set(&s.Conditions, gen, v1alpha1.ConditionAvailable, available, reason, why)
	ready, message := available && isReady(d), d.Message+onItsWord(w)+rotated(w, d)+lostTable(w)+badRetry(w)
	set(&s.Conditions, gen, v1alpha1.ConditionReady, ready, reason, message)
	stalled := d.Reason.Stalls()
	setAbnormal(&s.Conditions, gen, v1alpha1.ConditionStalled, stalled, d.Reason, message)
	awaiting := d.Reason == v1alpha1.ReasonAwaitingPromotion
	setAbnormal(&s.Conditions, gen, v1alpha1.ConditionAwaitingApproval, awaiting, d.Reason, message)
	setAbnormal(&s.Conditions, gen, v1alpha1.ConditionReconciling, !ready && !stalled && !awaiting && d.Reason != v1alpha1.ReasonPaused, reason, message)
	setAbnormal(&s.Conditions, gen, v1alpha1.ConditionPendingChanges, d.Pending != "", d.Reason, pendingMessage(w, d.Pending))
}

func readyReason(s *v1alpha1.ShopStatus) v1alpha1.Reason {
	return v1alpha1.Reason(meta.FindStatusCondition(s.Conditions, string(v1alpha1.ConditionReady)).Reason)
}

// lostTable says that the routing table is gone while nothing may be changed: replicas of the front door
// hold it, and one that starts anew does not. "": it is there, or is written by this pass.
func lostTable(w *observe.World) string {
	if w.Table != nil || w.Route != nil || !w.Shop.Spec.Paused || w.Observed.Table.Active == "" {
		return ""
	}
	return fmt.Sprintf("; ConfigMap %s, by which the front door routes, is lost: a replica of the front door that starts now knows no release; it is written again when spec.paused is false",
		frontdoor.TableName(w.Shop.Name))
}

// isReady: what the spec asks for is what serves.
func isReady(d *plan.Decision) bool {
	return d.Fulfilled && (d.Reason == v1alpha1.ReasonServing || d.Reason == v1alpha1.ReasonRollbackWindow)
}

// Unreadable returns the status of a shop of which the operator could not read all that it needs.
func Unreadable(shop *v1alpha1.Shop, why error) v1alpha1.ShopStatus {
	s := *shop.Status.DeepCopy()
	message := fmt.Sprintf("the operator cannot see the shop: %v; what serves goes on serving, and it is tried again within half a minute", why)
	set(&s.Conditions, shop.Generation, v1alpha1.ConditionReady, false, v1alpha1.ReasonApplyFailed, message)
	remove(&s.Conditions, v1alpha1.ConditionStalled)
	remove(&s.Conditions, v1alpha1.ConditionAwaitingApproval)
	setAbnormal(&s.Conditions, shop.Generation, v1alpha1.ConditionReconciling, true, v1alpha1.ReasonApplyFailed, message)
	return s
}

// Deleting returns the status of a shop that is being deleted, but still there.
func Deleting(shop *v1alpha1.Shop) v1alpha1.ShopStatus {
	s := *shop.Status.DeepCopy()
	s.ObservedGeneration = shop.Generation
	message := "the shop is being deleted: nothing of it is healed, scaled or switched any more, and all of it goes with this object"
	if len(shop.Finalizers) > 0 {
		message += "; finalizers hold it: " + strings.Join(shop.Finalizers, ", ")
	}
	set(&s.Conditions, shop.Generation, v1alpha1.ConditionReady, false, v1alpha1.ReasonDeleting, message)
	remove(&s.Conditions, v1alpha1.ConditionStalled)
	remove(&s.Conditions, v1alpha1.ConditionAwaitingApproval)
	setAbnormal(&s.Conditions, shop.Generation, v1alpha1.ConditionReconciling, true, v1alpha1.ReasonDeleting, message)
	return s
}

func reference(w *observe.World, name string, since time.Time) *v1alpha1.ReleaseRef {
	if name == "" {
		return nil
	}
	ref := &v1alpha1.ReleaseRef{Release: name}
	if rel := w.Releases[name]; rel != nil {
		ref.Version = rel.Spec.Version
	}
	if !since.IsZero() {
		t := metav1.NewTime(since.Truncate(time.Second))
		ref.Since = &t
	}
	return ref
}

func activeSince(d *plan.Decision) time.Time {
	if d.Table.Switch == nil {
		return time.Time{}
	}
	return d.Table.Switch.At
}

func previous(d *plan.Decision) *v1alpha1.PreviousRelease {
	if d.Previous == "" {
		return nil
	}
	at := metav1.NewTime(d.RetiresAt.Truncate(time.Second))
	return &v1alpha1.PreviousRelease{Release: d.Previous, RetiresAt: &at}
}

// lastSwitch keeps the time at which a switch was first seen confirmed: a replica
// that comes later reports a later time of its own.
func lastSwitch(w *observe.World, d *plan.Decision) *v1alpha1.SwitchRecord {
	s := d.Table.Switch
	if s == nil {
		return nil
	}
	rec := &v1alpha1.SwitchRecord{From: s.From, To: d.Table.Active, WrittenAt: metav1.NewMicroTime(s.At.Truncate(time.Microsecond))}
	if old := w.Shop.Status.LastSwitch; old != nil && old.To == rec.To && old.WrittenAt.Equal(&rec.WrittenAt) && old.ConfirmedAt != nil {
		rec.ConfirmedAt, rec.ConfirmMillis = old.ConfirmedAt, old.ConfirmMillis
		return rec
	}
	if d.Table.Switching || !w.Observed.FrontDoor.AllConfirmed() {
		return rec
	}
	at := metav1.NewMicroTime(w.Observed.FrontDoor.ConfirmedAt.Truncate(time.Microsecond))
	millis := at.Sub(rec.WrittenAt.Time).Milliseconds()
	rec.ConfirmedAt, rec.ConfirmMillis = &at, &millis
	return rec
}

func count(w *observe.World, d *plan.Decision) v1alpha1.ServiceCount {
	name := d.Table.Active
	if name == "" {
		name = d.Candidate
	}
	var c v1alpha1.ServiceCount
	floors := d.Floors(name)
	rel := w.Releases[name]
	if rel == nil { // its record is gone: its pods are not
		for _, run := range w.Observed.Stacks[name] {
			c.Total++
			if run.Available > 0 && run.ReadyAt(run.Wanted) {
				c.Ready++
			}
		}
	} else {
		for _, svc := range rel.Spec.Services {
			c.Total++
			if run, ok := w.Observed.Stacks[name][svc.Name]; ok && run.ReadyAt(floors[svc.Name]) {
				c.Ready++
			}
		}
	}
	c.Summary = fmt.Sprintf("%d/%d", c.Ready, c.Total)
	return c
}
