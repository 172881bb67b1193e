package controllers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/affected"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/poll"
	"github.com/emporium-shop/emporium/internal/resources"
	build "github.com/emporium-shop/emporium/internal/source"
	"github.com/emporium-shop/emporium/internal/status"
)

// Poller knows what Git says of sources, without letting a pass wait.
type Poller interface {
	Ask(poll.Question) (poll.Answer, time.Duration)
	Forget(types.NamespacedName)
}

// SourceReconciler builds the commits of sources: observe, decide, render, apply, report. One worker does, so that two passes never
// take one slot; a pass waits for the Kubernetes API alone.
type SourceReconciler struct {
	Reader   *observe.Reader
	Writer   *apply.Writer
	Poller   Poller
	Recorder events.EventRecorder
	Builds   resources.BuildOptions
	// Now is the clock.
	Now func() time.Time
	// Progress proves that passes get on.
	Progress *Progress

	failures failures
	pushed   pushes
}

// Reconcile is one pass for one source.
func (r *SourceReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	pass := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: req.Namespace, Name: "shopsource/" + req.Name}}
	ctx = r.Progress.begin(ctx, pass)
	defer r.Progress.end(pass)
	var source v1alpha1.ShopSource
	if err := r.Reader.Cache.Get(ctx, req.NamespacedName, &source); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, err
	}
	if !source.DeletionTimestamp.IsZero() {
		r.forget(req)
		return ctrl.Result{}, nil // its Jobs are owned by it, and go with it
	}
	world, err := r.Reader.ReadSource(ctx, &source)
	if err != nil {
		return ctrl.Result{}, r.reportUnreadableSource(ctx, req, &source, err)
	}
	answer, wait := r.ask(world)
	decision := build.Plan(world.Observed, r.Now())
	err = r.begin(ctx, world, &decision, answer)
	return r.concludeSource(ctx, req, world, &decision, err, sooner(decision.Wake, wait))
}

func (r *SourceReconciler) forget(req ctrl.Request) {
	r.Poller.Forget(req.NamespacedName)
	r.failures.add(req, nil)
}

// ask puts into the world what Git said last, and says when to look again. A source that is paused, or whose Secret may not be used, is
// not asked for.
func (r *SourceReconciler) ask(w *observe.SourceWorld) (poll.Answer, time.Duration) {
	s := w.Source
	if s.Spec.SourceRef != nil { // Flux asks Git
		r.Poller.Forget(types.NamespacedName{Namespace: s.Namespace, Name: s.Name})
		if s.Spec.Paused {
			return poll.Answer{}, 0
		}
		w.Observed.Git = w.Flux
		return poll.Answer{}, build.Interval(&s.Spec)
	}
	paths, err := affected.Paths(s.Spec.Path, build.Dockerfile(&s.Spec), pathsOf(s))
	if err != nil {
		w.Observed.Problems = append(w.Observed.Problems, fmt.Sprintf("ShopSource %s: %v", s.Name, err))
	}
	if err != nil || !w.MayAsk() {
		return poll.Answer{}, 0
	}
	answer, wait := r.Poller.Ask(poll.Question{
		Source: types.NamespacedName{Namespace: s.Namespace, Name: s.Name}, URL: s.Spec.Git.URL, Branch: build.Branch(&s.Spec), Secret: s.Spec.Git.Secret,
		SecretVersion: w.GitSecret, Paths: paths, Interval: build.Interval(&s.Spec), Request: requestsOf(s),
	})
	w.Observed.Git = build.Git{
		Answered: answer.Answered, Commit: answer.Commit, Version: answer.Version, Paths: answer.Paths, Trouble: answer.Trouble, Invalid: answer.Invalid, Request: requestOf(answer.Request),
	}
	return answer, wait
}

// requestsOf are the annotations by which Git is asked at once, in one text: that of people, and that of their Git host's calls.
func requestsOf(s *v1alpha1.ShopSource) string {
	return s.Annotations[v1alpha1.AnnotationRequestedAt] + "\n" + s.Annotations[v1alpha1.AnnotationPushedAt]
}

// requestOf is what people asked for: a call of a Git host, which anybody may replay who saw one, lets no failed commit be built again.
func requestOf(asked string) string {
	request, _, _ := strings.Cut(asked, "\n")
	return request
}

// pathsOf are what concerns the source, its folder always; nil: all of the repository.
func pathsOf(s *v1alpha1.ShopSource) []string {
	if len(s.Spec.Paths) == 0 {
		return nil
	}
	return append([]string{cmp.Or(s.Spec.Path, ".")}, s.Spec.Paths...)
}

// begin creates the Job that was decided on.
func (r *SourceReconciler) begin(ctx context.Context, w *observe.SourceWorld, d *build.Decision, git poll.Answer) error {
	if d.Start == nil {
		return nil
	}
	in := resources.BuildInput{
		Source: w.Source, Shop: w.Shop, Slot: w.Observed.Slot, Build: d.Start, Paths: d.StartPaths, Auth: resources.GitAuth(git.Key), Authority: git.Authority, Artifact: w.Artifact, Options: r.Builds,
	}
	return r.Writer.Begin(ctx, apply.Build{
		Shop: w.Shop, Source: w.Source, Shared: resources.BuildObjects(w.Shop, r.Builds), Volume: resources.BuildVolume(w.Shop, in.Slot), Job: resources.BuildJob(in),
	})
}

// slotAgain is when a source looks again whose slot another took in this moment; its Job tells, too.
const slotAgain = 2 * time.Second

// concludeSource reports what came of a pass. What failed is told when it failed twice, and tried again within half a minute.
func (r *SourceReconciler) concludeSource(ctx context.Context, req ctrl.Request, w *observe.SourceWorld, d *build.Decision, err error, wake time.Duration) (ctrl.Result, error) {
	inARow := r.failures.add(req, err)
	var taken *apply.SlotTakenError
	switch {
	case errors.As(err, &taken):
		w.Observed.Busy = taken.Job
		*d = build.Plan(w.Observed, r.Now())
		wake, err = slotAgain, nil
	case err != nil && withoutConflicts(err) == nil:
		log.FromContext(ctx).V(1).Info("deciding again on a newer view", "conflict", err.Error())
		return ctrl.Result{RequeueAfter: conflictDelay(inARow)}, nil
	case err != nil && inARow < toldAfter && !errors.As(err, new(*apply.RefusedError)):
		return ctrl.Result{}, err
	}
	after := status.Source(w.Source, d)
	if err != nil {
		after = status.SourceFailed(w.Source, d, err)
	}
	if told := r.reportSource(ctx, w.Source, after); told != nil || err != nil {
		return ctrl.Result{}, errors.Join(err, told)
	}
	return ctrl.Result{RequeueAfter: wake}, nil
}

// reportSource writes the status if it changed, then the event of a transition.
func (r *SourceReconciler) reportSource(ctx context.Context, s *v1alpha1.ShopSource, status v1alpha1.ShopSourceStatus) error {
	after := s.DeepCopy()
	after.Status = status
	timed(s.Status.Conditions, after.Status.Conditions, r.Now())
	told := transition{s, s.Status.Conditions, after.DeepCopy().Status.Conditions, v1alpha1.ConditionReady}
	if err := r.Writer.Status(ctx, "ShopSource", s, after, s.Status, after.Status); err != nil {
		return err
	}
	if c, happened := told.happened(); happened {
		kind := corev1.EventTypeNormal
		if troubled(c) {
			kind = corev1.EventTypeWarning
		}
		r.Recorder.Eventf(s, nil, kind, c.Reason, "Reconciling", "%s", c.Message)
	}
	return nil
}

func (r *SourceReconciler) reportUnreadableSource(ctx context.Context, req ctrl.Request, s *v1alpha1.ShopSource, why error) error {
	if r.failures.add(req, why) < toldAfter {
		return why
	}
	return errors.Join(why, r.reportSource(ctx, s, status.SourceUnreadable(s, why)))
}
