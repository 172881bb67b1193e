// Package controllers runs the one path of the operator: observe, plan, render,
// apply, report. One reconciler, keyed by Shop, sees all stacks of a shop at once.
package controllers

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/resources"
)

// ShopReconciler brings shops to what their specs ask for.
type ShopReconciler struct {
	Reader   *observe.Reader
	Writer   *apply.Writer
	Metrics  *Metrics
	Recorder events.EventRecorder
	// FrontDoorImage is the gateway image of shops that name none.
	FrontDoorImage string
	// Now is the clock.
	Now func() time.Time

	// Progress proves that passes end.
	Progress *Progress
	// Workers is how many shops are looked at at the same time; 0: one.
	Workers int

	settling settling
	pace     pace
}

// settling remembers since when a shop's content is what it is. It is the one thing
// kept in memory: losing it only makes the quiet time start again.
type settling struct {
	mu   sync.Mutex
	seen map[ctrl.Request]content
}

type content struct {
	name  string
	since time.Time
}

func (s *settling) since(req ctrl.Request, name string, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[ctrl.Request]content{}
	}
	if s.seen[req].name != name {
		s.seen[req] = content{name, now}
	}
	return s.seen[req].since
}

func (s *settling) forget(req ctrl.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, req)
}

// Reconcile is one pass for one shop.
func (r *ShopReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	ctx = r.Progress.begin(ctx, req)
	defer r.Progress.end(req)
	var shop v1alpha1.Shop
	if err := r.Reader.Cache.Get(ctx, req.NamespacedName, &shop); err != nil {
		if apierrors.IsNotFound(err) {
			r.settling.forget(req)
			r.pace.forget(req.NamespacedName)
			r.Reader.Forget(req.NamespacedName)
			return ctrl.Result{}, r.reportOrphans(ctx, req)
		}
		return ctrl.Result{}, err
	}
	if !shop.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil // everything is owned by the shop and goes with it
	}
	now := r.Now()
	world, err := r.Reader.Read(ctx, &shop)
	if err != nil {
		return ctrl.Result{}, err
	}
	world.Observed.Content.Since = r.settling.since(req, world.Snapshot.Name, now)
	decision := plan.Plan(world.Observed, now)
	applyErr := r.apply(ctx, world, &decision)
	if apierrors.IsConflict(applyErr) {
		log.FromContext(ctx).V(1).Info("deciding again on a newer view", "conflict", applyErr.Error())
		return ctrl.Result{RequeueAfter: 50 * time.Millisecond, Priority: passPriority(&decision, now)}, nil
	}
	if applyErr != nil && !explain(&decision, world.Observed.Table, applyErr) {
		return ctrl.Result{Priority: ptr.To(PriorityFailed)}, applyErr // what came of the decision is not known: the next pass reports what it sees
	}
	if err := r.report(ctx, world, &decision, now); err != nil {
		return ctrl.Result{Priority: ptr.To(PriorityFailed)}, errors.Join(applyErr, err)
	}
	wake := sooner(decision.Wake, world.Wake)
	if applyErr != nil {
		wake = sooner(wake, askAgain(&shop, now))
	}
	return ctrl.Result{RequeueAfter: wake, Priority: passPriority(&decision, now)}, nil
}

func (r *ShopReconciler) apply(ctx context.Context, world *observe.World, d *plan.Decision) error {
	desired, err := resources.Render(resources.Input{
		Shop: world.Shop, Decision: d, Releases: world.Releases, Live: world.Live, FrontDoorImage: r.FrontDoorImage,
	})
	if err != nil {
		return reconcile.TerminalError(err)
	}
	return r.Writer.Do(ctx, world, d, desired, r.Reader.Configs)
}

// explain puts what Kubernetes refused into the decision that is reported, and
// tells whether it could. The switch did not happen then, so the front door is
// reported as it was.
func explain(d *plan.Decision, was frontdoor.Table, err error) bool {
	var foreign *apply.ForeignError
	var refused *apply.RefusedError
	switch {
	case errors.As(err, &foreign):
		d.Reason, d.Message = v1alpha1.ReasonForeignObject, foreign.Error()
	case errors.As(err, &refused) && apierrors.IsForbidden(refused.Err) && strings.Contains(refused.Err.Error(), "exceeded quota"):
		d.Reason, d.Message = v1alpha1.ReasonQuotaExceeded, refused.Error()
	case errors.As(err, &refused):
		d.Reason, d.Message = v1alpha1.ReasonInvalidServices, refused.Error()
	default:
		return false
	}
	d.Table = plan.TablePlan{Active: was.Active, Preview: was.Preview, Switch: was.Switch}
	return true
}
