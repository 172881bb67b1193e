// Package controllers runs the one path of the operator: observe, plan, render,
// apply, report. One reconciler, keyed by Shop, sees all stacks of a shop at once.
package controllers

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

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

	// Progress proves that passes get on.
	Progress *Progress
	// Workers is how many shops are looked at at the same time; 0: one.
	Workers int

	turns    turns
	settling settling
	pace     pace
	records  records
	failures failures
	// rejections that no record holds yet
	rejections rejections
}

// Reconcile makes a pass for one shop, when the one that is under way has ended.
func (r *ShopReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	end, err := r.turns.take(ctx, req)
	if err != nil {
		return ctrl.Result{}, err
	}
	defer end()
	return r.pass(ctx, req)
}

// pass is one pass for one shop, of which no other is under way.
func (r *ShopReconciler) pass(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	ctx = r.Progress.begin(ctx, req)
	defer r.Progress.end(req)
	var shop v1alpha1.Shop
	if err := r.Reader.Cache.Get(ctx, req.NamespacedName, &shop); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req)
			return ctrl.Result{}, r.reportOrphans(ctx, req)
		}
		return ctrl.Result{}, err
	}
	if !shop.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.reportDeleting(ctx, &shop) // everything is owned by the shop and goes with it
	}
	now := r.Now()
	world, unrestored, err := r.look(ctx, req, &shop, now)
	if err != nil {
		return ctrl.Result{Priority: ptr.To(PriorityFailed)}, r.reportUnreadable(ctx, req, &shop, err)
	}
	decision := plan.Plan(world.Observed, now)
	routed, err := r.apply(ctx, world, &decision)
	r.rejections.note(req, world, &decision)
	err = errors.Join(unrestored, err)
	result, err := r.conclude(ctx, outcome{req, world, &decision, routed, err}, now)
	result.Priority = passPriority(&decision, err, now)
	return result, err
}

// look reads the shop, and puts back what it cannot do without. unrestored says what could not be
// put back: what serves is healed and gone back to all the same.
func (r *ShopReconciler) look(ctx context.Context, req ctrl.Request, shop *v1alpha1.Shop, now time.Time) (world *observe.World, unrestored, err error) {
	world, err = r.Reader.Read(ctx, shop)
	if err != nil {
		return nil, nil, err
	}
	if lost := r.records.lost(req, world); len(lost) > 0 && !shop.Spec.Paused {
		unrestored = r.restore(ctx, world, lost)
	}
	r.rejections.see(req, world)
	r.settling.look(req, world, now)
	return world, unrestored, nil
}

func (r *ShopReconciler) forget(req ctrl.Request) {
	r.settling.forget(req)
	r.records.forget(req)
	r.rejections.forget(req)
	r.failures.add(req, nil)
	r.pace.forget(req.NamespacedName)
	r.Reader.Forget(req.NamespacedName)
}

func (r *ShopReconciler) apply(ctx context.Context, world *observe.World, d *plan.Decision) (bool, error) {
	desired, err := resources.Render(resources.Input{
		Shop: world.Shop, Decision: d, Releases: world.Releases, Live: world.Live, Was: world.Observed.Table, FrontDoorImage: r.FrontDoorImage,
		AccountUIDs: resources.AccountUIDs(world.Account, world.Deployments...),
	})
	if err != nil {
		return false, reconcile.TerminalError(err)
	}
	for _, warning := range desired.Warnings {
		d.Message += "; " + warning
	}
	return r.Writer.Do(ctx, world, d, desired, r.Reader.Configs)
}

// outcome is what came of a pass.
type outcome struct {
	req      ctrl.Request
	world    *observe.World
	decision *plan.Decision
	// routed: the front door says what was decided.
	routed bool
	err    error
}

// conclude reports what came of a pass, and says when the next one is due. A view that was old is
// decided on again; what failed otherwise is told when it failed twice, with everything else as it
// was observed, and tried again within half a minute.
func (r *ShopReconciler) conclude(ctx context.Context, o outcome, now time.Time) (ctrl.Result, error) {
	inARow := r.failures.add(o.req, o.err)
	failed := withoutConflicts(o.err)
	lasting := failed == nil && inARow >= conflictsTold
	if lasting {
		failed = o.err
	}
	if o.err != nil && failed == nil {
		log.FromContext(ctx).V(1).Info("deciding again on a newer view", "conflict", o.err.Error())
		return ctrl.Result{RequeueAfter: conflictDelay(inARow)}, nil
	}
	settled := true
	if failed != nil {
		o.decision.Retried = "" // it is asked for until it is done
		was := o.world.Observed.Table
		if !o.routed {
			o.decision.Table = plan.TablePlan{Active: was.Active, Preview: was.Preview, Switch: was.Switch}
		}
		if settled = explain(o.decision, failed); !settled && inARow < toldAfter {
			return ctrl.Result{}, failed
		}
	}
	if err := r.report(ctx, o.world, o.decision, now); err != nil {
		return ctrl.Result{}, errors.Join(failed, err)
	}
	if lasting {
		return ctrl.Result{RequeueAfter: conflictDelay(inARow)}, nil
	}
	if !settled {
		return ctrl.Result{}, failed
	}
	wake := sooner(o.decision.Wake, o.world.Wake)
	if failed != nil {
		wake = sooner(wake, askAgain(o.world.Shop, now))
	}
	return ctrl.Result{RequeueAfter: wake}, nil
}
