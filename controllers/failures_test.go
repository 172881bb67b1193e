package controllers

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

const a, b = "acme-aaaaaaaa", "acme-bbbbbbbb"

var nine = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func conflict(name string) error {
	return apierrors.NewConflict(corev1.Resource("configmaps"), name, errors.New("it was written a moment ago"))
}

func refusal(message string) error {
	return &apply.RefusedError{Kind: "Deployment", Name: "acme-cart", Err: apierrors.NewForbidden(corev1.Resource("pods"), "p", errors.New(message))}
}

func TestOfSeveralErrorsTheOneThatAPersonCanDoMostAboutSpeaks(t *testing.T) {
	foreign := &apply.ForeignError{Kind: "Service", Name: "acme"}
	policy, quota := refusal("violates PodSecurity"), refusal("exceeded quota: small")
	lost := &apply.LostCopyError{Release: a, Copy: v1alpha1.ConfigCopy{Kind: v1alpha1.SecretKind, Name: "mail", Copy: "acme-s-mail-1"}, Why: "is gone as well"}
	failed := fmt.Errorf("applying Service acme: %w", apierrors.NewInternalError(errors.New("a webhook is away")))
	for name, x := range map[string]struct {
		err     error
		reason  v1alpha1.Reason
		settled bool
		says    string
	}{
		"another's object":                         {foreign, v1alpha1.ReasonForeignObject, true, "Service acme exists and is not this shop's"},
		"it comes before all others":               {errors.Join(failed, lost, policy, foreign), v1alpha1.ReasonForeignObject, true, "(and 3 more errors)"},
		"a refusal":                                {policy, v1alpha1.ReasonInvalidServices, true, "Kubernetes refused Deployment acme-cart"},
		"a refusal comes before a lost copy":       {errors.Join(lost, policy), v1alpha1.ReasonInvalidServices, true, "(and one more error)"},
		"a quota is told as one":                   {quota, v1alpha1.ReasonQuotaExceeded, true, "exceeded quota: small"},
		"a lost copy comes before a failure":       {errors.Join(failed, lost), v1alpha1.ReasonDegraded, true, "Secret acme-s-mail-1, which pods of release acme-aaaaaaaa read, was deleted"},
		"a failure is tried again":                 {failed, v1alpha1.ReasonApplyFailed, false, "a webhook is away; it is tried again within half a minute. Meanwhile: release b starts"},
		"of several failures the first speaks":     {errors.Join(failed, errors.New("second"), errors.New("third")), v1alpha1.ReasonApplyFailed, false, "(and 2 more errors)"},
		"errors that were joined twice are as one": {errors.Join(errors.Join(failed, errors.Join(errors.New("x"), policy))), v1alpha1.ReasonInvalidServices, true, "(and 2 more errors)"},
		"one that was wrapped is still known":      {fmt.Errorf("bringing a release: %w", foreign), v1alpha1.ReasonForeignObject, true, "rename or delete it"},
	} {
		t.Run(name, func(t *testing.T) {
			d := plan.Decision{Reason: v1alpha1.ReasonStarting, Message: "release b starts", Fulfilled: true}
			settled := explain(&d, x.err)
			if d.Reason != x.reason || settled != x.settled || !strings.Contains(d.Message, x.says) {
				t.Errorf("%s, settled %t: %s", d.Reason, settled, d.Message)
			}
			if d.Fulfilled {
				t.Error("the shop would be Ready though what it asks for was not done")
			}
		})
	}
}

func TestWhatOnlySaysThatTheViewWasOldIsNotTold(t *testing.T) {
	other := errors.New("a webhook is away")
	for name, x := range map[string]struct {
		err  error
		want string
	}{
		"nothing failed":                  {nil, ""},
		"a conflict":                      {conflict("x"), ""},
		"a conflict that was wrapped":     {fmt.Errorf("writing the table: %w", conflict("x")), ""},
		"several conflicts":               {errors.Join(conflict("x"), errors.Join(conflict("y"), conflict("z"))), ""},
		"a conflict hides no other error": {errors.Join(conflict("x"), other), "a webhook is away"},
		"an error alone":                  {other, "a webhook is away"},
	} {
		got := withoutConflicts(x.err)
		if (got == nil) != (x.want == "") || (got != nil && got.Error() != x.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestConflictsAreDecidedAnewEverMoreSlowly(t *testing.T) {
	for inARow, want := range map[int]time.Duration{
		0: 50 * time.Millisecond, 1: 50 * time.Millisecond, 2: 100 * time.Millisecond, 3: 200 * time.Millisecond,
		7: 3200 * time.Millisecond, 8: 5 * time.Second, 9: 5 * time.Second, 1000: 5 * time.Second,
	} {
		if got := conflictDelay(inARow); got != want {
			t.Errorf("after %d in a row: %s, want %s", inARow, got, want)
		}
	}
}

func TestFailuresInARowAreCountedForEachShop(t *testing.T) {
	var f failures
	acme, bazaar := shopKey("acme"), shopKey("bazaar")
	failed := errors.New("x")
	for i, x := range []struct {
		shop ctrl.Request
		err  error
		want int
	}{{acme, failed, 1}, {acme, failed, 2}, {bazaar, failed, 1}, {acme, failed, 3}, {acme, nil, 0}, {acme, failed, 1}, {bazaar, failed, 2}} {
		if got := f.add(x.shop, x.err); got != x.want {
			t.Errorf("step %d: %d in a row, want %d", i, got, x.want)
		}
	}
}

// recording is what a pass saw of the records of a shop whose release b serves after release a.
func recording(releases ...*v1alpha1.ShopRelease) *observe.World {
	w := &observe.World{Releases: map[string]*v1alpha1.ShopRelease{}}
	for _, rel := range releases {
		w.Releases[rel.Name] = rel
	}
	w.Observed.Table = frontdoor.Table{Active: b, Switch: &frontdoor.Switch{From: a}}
	w.Observed.Stacks = map[string]plan.Stack{a: {"cart": {}}, b: {"cart": {}}}
	return w
}

func record(name string) *v1alpha1.ShopRelease {
	return &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func TestWhichDeletedRecordsAreWrittenAgain(t *testing.T) {
	rejected := record(b)
	rejected.Annotations = map[string]string{v1alpha1.AnnotationRejected: "it broke the guard"}
	retired := func(w *observe.World) { delete(w.Observed.Stacks, a) }
	for name, x := range map[string]struct {
		before, after []*v1alpha1.ShopRelease
		change        func(*observe.World)
		want          string
	}{
		"none was deleted":                         {[]*v1alpha1.ShopRelease{record(a), record(b)}, []*v1alpha1.ShopRelease{record(a), record(b)}, nil, ""},
		"the one that serves":                      {[]*v1alpha1.ShopRelease{record(a), record(b)}, []*v1alpha1.ShopRelease{record(a)}, nil, b},
		"the one that is kept for a way back":      {[]*v1alpha1.ShopRelease{record(a), record(b)}, []*v1alpha1.ShopRelease{record(b)}, nil, a},
		"both":                                     {[]*v1alpha1.ShopRelease{record(a), record(b)}, nil, nil, b + " " + a},
		"one that is retired is not":               {[]*v1alpha1.ShopRelease{record(a), record(b)}, []*v1alpha1.ShopRelease{record(b)}, retired, ""},
		"one that was rejected is tried again":     {[]*v1alpha1.ShopRelease{record(a), rejected}, []*v1alpha1.ShopRelease{record(a)}, nil, ""},
		"an operator that was started since":       {nil, nil, nil, ""},
		"one that plays no role is not remembered": {[]*v1alpha1.ShopRelease{record("acme-cccccccc"), record(a), record(b)}, []*v1alpha1.ShopRelease{record(a), record(b)}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var r records
			if got := r.lost(shopKey("acme"), recording(x.before...)); len(got) > 0 {
				t.Fatalf("missed at first sight: %v", got)
			}
			w := recording(x.after...)
			if x.change != nil {
				x.change(w)
			}
			var names []string
			for _, rel := range r.lost(shopKey("acme"), w) {
				names = append(names, rel.Name)
			}
			if got := strings.Join(names, " "); got != x.want {
				t.Errorf("written again: %q, want %q", got, x.want)
			}
			var again []string
			for _, rel := range r.lost(shopKey("acme"), w) {
				again = append(again, rel.Name)
			}
			if got := strings.Join(again, " "); got != x.want {
				t.Errorf("a pass that died after that forgot it: %q, want %q", got, x.want)
			}
			if r.forget(shopKey("acme")); len(r.lost(shopKey("acme"), w)) > 0 {
				t.Error("a shop that was deleted and made again gets the records of the old one")
			}
		})
	}
}

func TestTheQuietTimeBeginsWithEachChangeAndItsLimitWithTheFirst(t *testing.T) {
	var s settling
	look := func(content, active string, after time.Duration, cut ...string) plan.Content {
		w := &observe.World{Releases: map[string]*v1alpha1.ShopRelease{}}
		for _, name := range cut {
			w.Releases[name] = record(name)
		}
		w.Snapshot.Name, w.Observed.Table.Active = content, active
		s.look(shopKey("acme"), w, nine.Add(after))
		return w.Observed.Content
	}
	at := func(after time.Duration) time.Time { return nine.Add(after) }
	for _, x := range []struct {
		says                   string
		got                    plan.Content
		since, began, unserved time.Time
	}{
		{"what serves is as it is", look(a, a, 0, a), at(0), time.Time{}, time.Time{}},
		{"a change", look("1", a, 1, a), at(1), at(1), at(1)},
		{"it is quiet", look("1", a, 2, a), at(1), at(1), at(1)},
		{"another change", look("2", a, 3, a), at(3), at(1), at(1)},
		{"it is cut", look("2", a, 4, a, "2"), at(3), time.Time{}, at(1)},
		{"a change after the cut", look("3", a, 5, a, "2"), at(5), at(5), at(1)},
		{"it serves", look("3", "3", 6, a, "3"), at(5), time.Time{}, time.Time{}},
		{"a change after that", look("4", "3", 7, a, "3"), at(7), at(7), at(7)},
		{"back to what serves", look("3", "3", 8, a, "3"), at(8), time.Time{}, time.Time{}},
	} {
		if !x.got.Since.Equal(x.since) || !x.got.Began.Equal(x.began) || !x.got.Unserved.Equal(x.unserved) {
			t.Errorf("%s: since %s, began %s, unserved %s", x.says, x.got.Since.Sub(nine), x.got.Began.Sub(nine), x.got.Unserved.Sub(nine))
		}
	}
	if s.forget(shopKey("acme")); !look("3", "3", 9, "3").Since.Equal(at(9)) {
		t.Error("a shop that was deleted is remembered")
	}
}

func TestAConditionsTimeIsOfTheOperatorsClockAndMovesWithItsStatusOnly(t *testing.T) {
	foreignClock := metav1.NewTime(nine.Add(-time.Hour))
	says := func(of string, s metav1.ConditionStatus) metav1.Condition {
		return metav1.Condition{Type: of, Status: s, LastTransitionTime: foreignClock}
	}
	before := []metav1.Condition{says("Same", metav1.ConditionTrue), says("Changed", metav1.ConditionTrue)}
	after := []metav1.Condition{says("Same", metav1.ConditionTrue), says("Changed", metav1.ConditionFalse), says("New", metav1.ConditionTrue)}
	timed(before, after, nine.Add(700*time.Millisecond))
	for i, want := range []time.Time{foreignClock.Time, nine, nine} {
		if got := after[i].LastTransitionTime.Time; !got.Equal(want) {
			t.Errorf("%s: %s, want %s", after[i].Type, got, want)
		}
	}
}

func TestTheNextPassComesSoonerWhereCustomersFeelIt(t *testing.T) {
	open := &frontdoor.Guard{Until: nine.Add(time.Minute)}
	failed := errors.New("x")
	for name, x := range map[string]struct {
		d    plan.Decision
		err  error
		want int
	}{
		"a way back":                       {plan.Decision{Back: true}, nil, PriorityUrgent},
		"a way back that failed":           {plan.Decision{Back: true}, failed, PriorityUrgent},
		"a switch":                         {plan.Decision{Table: plan.TablePlan{Switching: true}}, nil, PriorityUrgent},
		"a switch that is not confirmed":   {plan.Decision{Reason: v1alpha1.ReasonSwitching}, nil, PriorityUrgent},
		"a guard that watches":             {plan.Decision{Table: plan.TablePlan{Guard: open}}, nil, PriorityUrgent},
		"a guard whose window ended":       {plan.Decision{Table: plan.TablePlan{Guard: &frontdoor.Guard{Until: nine}}}, nil, PriorityReady},
		"a release that starts":            {plan.Decision{Reason: v1alpha1.ReasonStarting}, nil, PriorityReady},
		"a release that is not cut":        {plan.Decision{Reason: v1alpha1.ReasonSettling}, nil, PriorityNew},
		"a pass that failed":               {plan.Decision{Reason: v1alpha1.ReasonStarting}, failed, PriorityFailed},
		"one that failed while it settles": {plan.Decision{Reason: v1alpha1.ReasonSettling}, failed, PriorityFailed},
	} {
		if got := passPriority(&x.d, x.err, nine); got == nil || *got != x.want {
			t.Errorf("%s: %v, want %d", name, got, x.want)
		}
	}
	if PriorityUrgent <= PriorityReady || PriorityReady <= PriorityNew || PriorityNew <= PriorityFailed {
		t.Error("the order of priorities is another")
	}
}
