package controllers

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/affected"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/git/poll"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/source"
	"github.com/emporium-shop/emporium/internal/status"
)

// SourceReconciler brings ShopSources to what their branches say: observe, decide, apply, report.
type SourceReconciler struct {
	Reader   *observe.SourceReader
	Writer   *apply.Writer
	Recorder events.EventRecorder
	// Git asks beside the passes.
	Git Commits
	// Answers tells of each new answer of Git. Unset: none.
	Answers <-chan event.GenericEvent
	// Options of builds.
	Options resources.BuildOptions
	// Now is the clock.
	Now func() time.Time
	// Progress proves that passes get on.
	Progress *Progress
}

// Commits knows what branches say, without waiting: poll.Poller.
type Commits interface {
	Ask(poll.Question) (poll.Answer, time.Duration)
	Forget(source types.NamespacedName)
}

// slotAgain is when a build that found its slot taken is tried again, if nobody tells before.
const slotAgain = 5 * time.Second

// Reconcile is one pass for one source.
func (r *SourceReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	pass := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: req.Namespace, Name: "shopsource/" + req.Name}} // a Shop may be called so, too
	ctx = r.Progress.begin(ctx, pass)
	defer r.Progress.end(pass)
	var s v1alpha1.ShopSource
	if err := r.Reader.Cache.Get(ctx, req.NamespacedName, &s); err != nil {
		if apierrors.IsNotFound(err) {
			r.Git.Forget(req.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, err
	}
	if !s.DeletionTimestamp.IsZero() {
		r.Git.Forget(req.NamespacedName)
		return ctrl.Result{}, nil // its Jobs are its own and go with it
	}
	world, err := r.Reader.Read(ctx, &s)
	if err != nil {
		return ctrl.Result{}, err
	}
	answer, again := r.ask(req, world)
	d := source.Plan(world.Observed, r.Now())
	if err := r.Writer.Build(ctx, world, &d, resources.GitAuth(answer.Key), r.Options); err != nil {
		return r.notStarted(ctx, &s, &d, err)
	}
	if err := r.report(ctx, &s, &d); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: sooner(d.Wake, again)}, nil
}

// ask puts into the world what is known of the branch. Nobody asks for a source that is paused or may not be built.
func (r *SourceReconciler) ask(req ctrl.Request, w *observe.SourceWorld) (poll.Answer, time.Duration) {
	spec := &w.Source.Spec
	if spec.Paused || len(w.Observed.Problems) > 0 {
		return poll.Answer{}, 0
	}
	paths, err := affected.Paths(spec.Path, dockerfileOf(spec), spec.Paths)
	if err != nil {
		w.Observed.Problems = append(w.Observed.Problems, "ShopSource "+req.Name+": "+err.Error())
		return poll.Answer{}, 0
	}
	answer, again := r.Git.Ask(poll.Question{
		Source: req.NamespacedName, URL: spec.Git.URL, Branch: branchOf(spec), Secret: spec.Git.Secret, SecretVersion: w.GitSecretVersion,
		Paths: paths, Interval: observe.Interval(w.Source),
		Request: requests(w.Source),
	})
	w.Observed.Git = source.Git{
		Answered: answer.Answered, Commit: answer.Commit, Version: answer.Version, Paths: answer.Paths,
		Trouble: answer.Trouble, Invalid: answer.Invalid, Request: requestOf(answer.Request),
	}
	return answer, again
}

// notStarted says what kept a build from starting, where waiting does not help; the rest is tried again.
func (r *SourceReconciler) notStarted(ctx context.Context, s *v1alpha1.ShopSource, d *source.Decision, err error) (ctrl.Result, error) {
	if apply.IsSlotTaken(err) {
		log.FromContext(ctx).V(1).Info("waiting for the slot", "reason", err.Error())
		return ctrl.Result{RequeueAfter: slotAgain}, nil
	}
	if !explainsItself(err) {
		return ctrl.Result{}, err
	}
	d.Start, d.Status.Building = nil, nil
	d.Ready, d.Silent, d.Reason, d.Message = false, false, v1alpha1.ReasonInvalidSource, err.Error()
	if err := r.report(ctx, s, d); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: slowestRetry}, nil
}

// report writes the status if it changed, then tells of the transition.
func (r *SourceReconciler) report(ctx context.Context, s *v1alpha1.ShopSource, d *source.Decision) error {
	after := s.DeepCopy()
	after.Status = status.Source(s, d)
	timed(s.Status.Conditions, after.Status.Conditions, r.Now())
	told := transition{s, s.Status.Conditions, after.DeepCopy().Status.Conditions, v1alpha1.ConditionReady}
	if err := r.Writer.Status(ctx, "ShopSource", s, after, s.Status, after.Status); err != nil {
		return err
	}
	record(r.Recorder, told)
	return nil
}

// requests are the two annotations by which Git is asked at once, in one text.
func requests(s *v1alpha1.ShopSource) string {
	return s.Annotations[v1alpha1.AnnotationRequestedAt] + "\n" + s.Annotations[v1alpha1.AnnotationPushedAt]
}

// requestOf is the one of them that people set.
func requestOf(asked string) string {
	request, _, _ := strings.Cut(asked, "\n")
	return request
}

func dockerfileOf(s *v1alpha1.ShopSourceSpec) string { return cmp.Or(s.Dockerfile, "Dockerfile") }

func branchOf(s *v1alpha1.ShopSourceSpec) string { return cmp.Or(s.Git.Branch, "main") }

// explainsItself: somebody has to change something, and the error says what.
func explainsItself(err error) bool {
	return errors.As(err, new(*apply.RefusedError)) || errors.As(err, new(*apply.ForeignError)) || errors.As(err, new(*apply.GoingError))
}
