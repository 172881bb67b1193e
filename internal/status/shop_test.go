package status

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

const releaseB = "acme-bbbbbbbb"

var epoch = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func serviceTo(name string, selector map[string]string) corev1.Service {
	return corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{Selector: selector}}
}

// open is a shop whose release a serves customers: cart has a pod, jobs works with traffic only.
func open() (*observe.World, *plan.Decision) {
	w := &observe.World{
		Shop: &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme", Generation: 4}},
		Releases: map[string]*v1alpha1.ShopRelease{releaseA: {ObjectMeta: metav1.ObjectMeta{Name: releaseA, Generation: 1}, Spec: v1alpha1.ShopReleaseSpec{
			Shop: "acme", Revision: "aaaaaaaa", Services: []v1alpha1.ReleaseService{
				{Name: "cart"}, {Name: "jobs", ServiceTemplate: v1alpha1.ServiceTemplate{Activation: v1alpha1.ActivationWithTraffic}},
			}}}},
		Routed: []string{releaseA},
	}
	entrance := serviceTo("acme", map[string]string{frontdoor.LabelShop: "acme", frontdoor.LabelComponent: frontdoor.ComponentFrontDoor})
	w.Entrance = &entrance
	w.Reached = map[string]corev1.Service{"acme-cart-aaaaaaaa": serviceTo("acme-cart-aaaaaaaa", map[string]string{
		frontdoor.LabelShop: "acme", frontdoor.LabelService: "cart", frontdoor.LabelRelease: releaseA})}
	w.Observed.Table = frontdoor.Table{Active: releaseA}
	w.Observed.FrontDoor = plan.FrontDoor{Ready: 2, Confirmed: 2}
	w.Observed.Stacks = map[string]plan.Stack{releaseA: {"cart": {Wanted: 2, Available: 1, Current: true}}}
	return w, &plan.Decision{
		Reason: v1alpha1.ReasonServing, Fulfilled: true, Table: plan.TablePlan{Active: releaseA, Switch: &frontdoor.Switch{At: epoch}},
		Stacks: []plan.StackPlan{{Release: releaseA, Role: plan.Active, Floors: map[string]int32{"cart": 1, "jobs": 0}}},
	}
}

func TestAvailableIsTrueOnlyWhenCustomersAreServed(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*observe.World)
		says   string
	}{
		"everything is there":         {func(*observe.World) {}, ""},
		"nothing serves yet":          {func(w *observe.World) { w.Observed.Table.Active = "" }, "nothing serves yet"},
		"no replica is ready":         {func(w *observe.World) { w.Observed.FrontDoor.Ready = 0 }, "front door"},
		"replicas route to another":   {func(w *observe.World) { w.Routed = []string{releaseB} }, "no replica of the front door routes to release " + releaseA},
		"no replica reports":          {func(w *observe.World) { w.Routed = nil }, "no replica of the front door routes"},
		"none reports any more":       {func(w *observe.World) { w.Routed, w.Observed.FrontDoor.ConfirmedBefore = nil, true }, ""},
		"one of several routes to it": {func(w *observe.World) { w.Routed = []string{releaseB, releaseA} }, ""},
		"the entrance is gone":        {func(w *observe.World) { w.Entrance = nil }, "Service acme, at which customers arrive, is gone"},
		"the entrance selects others": {func(w *observe.World) { w.Entrance.Spec.Selector["x"] = "y" }, "selects other pods"},
		"a service lost all pods":     {func(w *observe.World) { w.Observed.Stacks[releaseA] = plan.Stack{"cart": {Wanted: 2}} }, "service cart of release acme-aaaaaaaa has no ready pod"},
		"a service was deleted":       {func(w *observe.World) { w.Observed.Stacks[releaseA] = nil }, "has no ready pod"},
		"its Service is gone":         {func(w *observe.World) { w.Reached = nil }, "Service acme-cart-aaaaaaaa, by which service cart is reached, is gone"},
		"its Service selects another": {func(w *observe.World) {
			w.Reached["acme-cart-aaaaaaaa"].Spec.Selector[frontdoor.LabelRelease] = releaseB
		}, "selects other pods"},
		"the first replica has not followed a switch yet": {switchingTo(releaseB), ""},
		"a switch is under way, and what serves lost its pods": {func(w *observe.World) {
			switchingTo(releaseB)(w)
			w.Observed.Stacks[releaseA] = plan.Stack{"cart": {Wanted: 2}}
		}, "service cart of release acme-aaaaaaaa has no ready pod"},
		"a switch is under way, and replicas route to a third release": {func(w *observe.World) {
			switchingTo(releaseB)(w)
			w.Routed = []string{"acme-cccccccc"}
		}, "no replica of the front door routes to release " + releaseB},
		"its record is gone: pods serve": {func(w *observe.World) { delete(w.Releases, releaseA) }, ""},
		"what works with traffic starts": {func(w *observe.World) { w.Observed.Stacks[releaseA]["jobs"] = plan.Running{Wanted: 1} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := open()
			x.change(w)
			is, why := isAvailable(w)
			if is != (x.says == "") || !strings.Contains(why, x.says) {
				t.Errorf("available %t: %s", is, why)
			}
		})
	}
}

// switchingTo lets the table name another release, which no replica routes to yet.
func switchingTo(release string) func(*observe.World) {
	return func(w *observe.World) {
		w.Observed.Table = frontdoor.Table{Active: release, Switch: &frontdoor.Switch{At: epoch, From: releaseA}}
	}
}

// condition is what a status says of one: "True Serving", or "" where it is not there.
func condition(all []metav1.Condition, of v1alpha1.ConditionType) string {
	c := meta.FindStatusCondition(all, string(of))
	if c == nil {
		return ""
	}
	return string(c.Status) + " " + c.Reason
}

func TestReadyIsTrueOnlyWhenWhatIsAskedForServes(t *testing.T) {
	for name, x := range map[string]struct {
		change                                 func(*observe.World, *plan.Decision)
		ready, available, stalled, reconciling string
	}{
		"what is asked for serves": {func(*observe.World, *plan.Decision) {}, "True Serving", "True Serving", "", ""},
		"the stack before it is kept": {func(_ *observe.World, d *plan.Decision) { d.Reason = v1alpha1.ReasonRollbackWindow },
			"True RollbackWindow", "True RollbackWindow", "", ""},
		"the version that is asked for is not it": {func(_ *observe.World, d *plan.Decision) { d.Reason, d.Fulfilled = v1alpha1.ReasonRollbackWindow, false },
			"False RollbackWindow", "True RollbackWindow", "", "True RollbackWindow"},
		"the next release waits for the window": {func(_ *observe.World, d *plan.Decision) {
			d.Reason, d.Fulfilled = v1alpha1.ReasonWaitingForRollbackWindow, false
		},
			"False WaitingForRollbackWindow", "True WaitingForRollbackWindow", "", "True WaitingForRollbackWindow"},
		"a service is short of pods": {func(_ *observe.World, d *plan.Decision) { d.Reason = v1alpha1.ReasonDegraded },
			"False Degraded", "True Degraded", "", "True Degraded"},
		"it serves, but nobody gets there": {func(w *observe.World, _ *plan.Decision) { w.Entrance = nil },
			"False Degraded", "False Degraded", "", "True Degraded"},
		"the guard went back, and that stays": {func(_ *observe.World, d *plan.Decision) { d.Reason, d.Fulfilled = v1alpha1.ReasonGuardBroken, false },
			"False GuardBroken", "True GuardBroken", "True GuardBroken", ""},
		"a person has to approve": {func(_ *observe.World, d *plan.Decision) {
			d.Reason, d.Fulfilled = v1alpha1.ReasonAwaitingPromotion, false
		},
			"False AwaitingPromotion", "True AwaitingPromotion", "", ""},
		"it is paused": {func(_ *observe.World, d *plan.Decision) { d.Reason = v1alpha1.ReasonPaused },
			"False Paused", "True Paused", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := open()
			x.change(w, d)
			s := Shop(w, d)
			for of, want := range map[v1alpha1.ConditionType]string{
				v1alpha1.ConditionReady: x.ready, v1alpha1.ConditionAvailable: x.available, v1alpha1.ConditionStalled: x.stalled, v1alpha1.ConditionReconciling: x.reconciling,
			} {
				if got := condition(s.Conditions, of); got != want {
					t.Errorf("%s: %q, want %q", of, got, want)
				}
			}
			if s.ObservedGeneration != 4 || slices.ContainsFunc(s.Conditions, func(c metav1.Condition) bool { return c.ObservedGeneration != 4 }) {
				t.Error("it does not say of which generation it is")
			}
		})
	}
}

func TestWhenASwitchWasConfirmedIsToldOnceAndOnlyWhenAllConfirmed(t *testing.T) {
	first := metav1.NewMicroTime(epoch.Add(time.Second))
	millis := int64(1000)
	for name, x := range map[string]struct {
		change func(*observe.World, *plan.Decision)
		want   time.Duration
	}{
		"all confirm":            {func(*observe.World, *plan.Decision) {}, 3 * time.Second},
		"one does not":           {func(w *observe.World, _ *plan.Decision) { w.Observed.FrontDoor.Confirmed = 1 }, -1},
		"there is none":          {func(w *observe.World, _ *plan.Decision) { w.Observed.FrontDoor = plan.FrontDoor{} }, -1},
		"it is written just now": {func(_ *observe.World, d *plan.Decision) { d.Table.Switching = true }, -1},
		"a replica comes later": {func(w *observe.World, _ *plan.Decision) {
			w.Shop.Status.LastSwitch = &v1alpha1.SwitchRecord{To: releaseA, WrittenAt: metav1.NewMicroTime(epoch), ConfirmedAt: &first, ConfirmMillis: &millis}
		}, time.Second},
		"one came that does not": {func(w *observe.World, _ *plan.Decision) {
			w.Observed.FrontDoor.Confirmed = 0
			w.Shop.Status.LastSwitch = &v1alpha1.SwitchRecord{To: releaseA, WrittenAt: metav1.NewMicroTime(epoch), ConfirmedAt: &first, ConfirmMillis: &millis}
		}, time.Second},
		"an earlier switch was": {func(w *observe.World, _ *plan.Decision) {
			w.Observed.FrontDoor.Confirmed = 0
			w.Shop.Status.LastSwitch = &v1alpha1.SwitchRecord{To: releaseA, WrittenAt: metav1.NewMicroTime(epoch.Add(-time.Hour)), ConfirmedAt: &first}
		}, -1},
		"one to another was": {func(w *observe.World, _ *plan.Decision) {
			w.Observed.FrontDoor.Confirmed = 0
			w.Shop.Status.LastSwitch = &v1alpha1.SwitchRecord{To: releaseB, WrittenAt: metav1.NewMicroTime(epoch), ConfirmedAt: &first}
		}, -1},
	} {
		w, d := open()
		w.Observed.FrontDoor.ConfirmedAt = epoch.Add(3 * time.Second)
		x.change(w, d)
		rec := lastSwitch(w, d)
		got := time.Duration(-1)
		if rec.ConfirmedAt != nil {
			got = rec.ConfirmedAt.Sub(epoch)
			if *rec.ConfirmMillis != got.Milliseconds() {
				t.Errorf("%s: %d ms", name, *rec.ConfirmMillis)
			}
		}
		if got != x.want {
			t.Errorf("%s: confirmed after %s, want %s", name, got, x.want)
		}
	}
	if _, d := open(); true {
		d.Table.Switch = nil
		if w, _ := open(); lastSwitch(w, d) != nil {
			t.Error("a switch is told of that never was")
		}
	}
}

func TestHowManyServicesAreReadyIsToldAlsoWhereTheRecordIsGone(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*observe.World, *plan.Decision)
		want   string
	}{
		"by the record and its floors": {func(w *observe.World, _ *plan.Decision) {
			w.Observed.Stacks[releaseA]["jobs"] = plan.Running{Current: true}
		}, "2/2"},
		"a service without a Deployment":           {func(*observe.World, *plan.Decision) {}, "1/2"},
		"below its floor":                          {func(_ *observe.World, d *plan.Decision) { d.Stacks[0].Floors["cart"] = 2 }, "0/2"},
		"the record is gone: by what its pods are": {func(w *observe.World, _ *plan.Decision) { delete(w.Releases, releaseA) }, "0/1"},
		"the record is gone, and it has its pods": {func(w *observe.World, _ *plan.Decision) {
			delete(w.Releases, releaseA)
			w.Observed.Stacks[releaseA] = plan.Stack{"cart": {Wanted: 1, Available: 1, Current: true}, "mail": {Current: true}}
		}, "1/2"},
		"before the first release, the candidate's": {func(w *observe.World, d *plan.Decision) { d.Table, d.Candidate = plan.TablePlan{}, releaseA }, "1/2"},
		"nothing at all": {func(_ *observe.World, d *plan.Decision) { *d = plan.Decision{} }, "0/0"},
	} {
		w, d := open()
		x.change(w, d)
		if got := count(w, d).Summary; got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

func TestAMessageIsBoundedAndSaysHowMuchMoreThereIs(t *testing.T) {
	list := func(n int) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf("ShopService %03d: spec.dependsOn names nobody, which is none", i)
		}
		return strings.Join(parts, "; ")
	}
	long := bounded(list(200))
	kept := strings.Count(long, "ShopService")
	if len(long) > mostMessage || kept < 10 || !strings.HasSuffix(long, fmt.Sprintf("; and %d more", 200-kept)) {
		t.Errorf("%d bytes, %d kept: …%s", len(long), kept, long[len(long)-30:])
	}
	for name, message := range map[string]string{
		"one byte less than the most": strings.Repeat("x", mostMessage-1),
		"just the most":               strings.Repeat("x", mostMessage),
	} {
		if bounded(message) != message {
			t.Errorf("%s was cut", name)
		}
	}
	for name, message := range map[string]string{
		"one byte more":                  strings.Repeat("x", mostMessage+1),
		"one sentence of long letters":   strings.Repeat("ü", mostMessage),
		"another byte before them":       "x" + strings.Repeat("ü", mostMessage),
		"a first sentence that is long":  strings.Repeat("é", mostMessage) + "; short",
		"a last sentence that is long":   "short; " + strings.Repeat("é", mostMessage),
		"a thousand parts of one letter": strings.Repeat("x; ", mostMessage),
	} {
		got := bounded(message)
		if len(got) > mostMessage || !utf8.ValidString(got) || len(got) < 5 {
			t.Errorf("%s: %d bytes, valid %t", name, len(got), utf8.ValidString(got))
		}
	}
	if w, d := open(); true {
		d.Reason, d.Message = v1alpha1.ReasonInvalidServices, list(2000)
		for _, c := range Shop(w, d).Conditions {
			if len(c.Message) > mostMessage {
				t.Errorf("condition %s has %d bytes", c.Type, len(c.Message))
			}
		}
	}
}

// rejected is a release that the guard went back from.
func rejected() *v1alpha1.ShopRelease {
	return &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: releaseB, Generation: 1, Annotations: map[string]string{v1alpha1.AnnotationRejected: "it broke the guard"}}}
}

func TestWhatARecordSays(t *testing.T) {
	for name, x := range map[string]struct {
		rel    *v1alpha1.ShopRelease
		change func(*observe.World, *plan.Decision)
		active string
		rest   string
	}{
		"it serves":                                          {nil, func(*observe.World, *plan.Decision) {}, "True Serving", "Started"},
		"it serves though a shop waits":                      {nil, func(_ *observe.World, d *plan.Decision) { d.Reason = v1alpha1.ReasonCheckFailed }, "True Serving", "Started"},
		"it is being switched to":                            {nil, func(_ *observe.World, d *plan.Decision) { d.Reason = v1alpha1.ReasonSwitching }, "True Switching", "Started"},
		"the guard rejected it":                              {rejected(), func(*observe.World, *plan.Decision) {}, "False GuardBroken", "Rejected"},
		"it was rejected and its stack is kept for a moment": {rejected(), func(_ *observe.World, d *plan.Decision) { d.Previous = releaseB }, "False GuardBroken", "Rejected"},
		"it is rejected now":                                 {rejected(), func(_ *observe.World, d *plan.Decision) { d.Rejected, d.Verdict = releaseB, "now" }, "False GuardBroken", "Rejected"},
		"it is tried again":                                  {rejected(), func(_ *observe.World, d *plan.Decision) { d.Candidate, d.Reason = releaseB, v1alpha1.ReasonStarting }, "False Starting", "Rejected"},
		"its stack is kept for a way back":                   {&v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: releaseB}}, func(_ *observe.World, d *plan.Decision) { d.Previous = releaseB }, "False RollbackWindow", ""},
		"it was left a moment ago":                           {&v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: releaseB}}, func(_ *observe.World, d *plan.Decision) { d.Table.Switching, d.Table.Switch.From = true, releaseB }, "False RollbackWindow", ""},
		"it is the candidate and its check fails":            {&v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: releaseB}}, func(_ *observe.World, d *plan.Decision) { d.Candidate, d.Reason = releaseB, v1alpha1.ReasonCheckFailed }, "False CheckFailed", "Stalled"},
		"nothing of it runs":                                 {&v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: releaseB}}, func(*observe.World, *plan.Decision) {}, "False Retired", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := open()
			w.Observed.Stacks[releaseA]["jobs"] = plan.Running{Current: true}
			x.change(w, d)
			rel := x.rel
			if rel == nil {
				rel = w.Releases[releaseA]
			}
			conditions := Release(w, d, rel).Conditions
			var rest []string
			for _, c := range conditions {
				if !slices.Contains([]string{string(v1alpha1.ConditionActive), string(v1alpha1.ConditionReady), string(v1alpha1.ConditionImagesPinned)}, c.Type) {
					rest = append(rest, c.Type)
				}
			}
			slices.Sort(rest)
			if got := condition(conditions, v1alpha1.ConditionActive); got != x.active || strings.Join(rest, " ") != x.rest {
				t.Errorf("%s [%s], want %s [%s]", got, strings.Join(rest, " "), x.active, x.rest)
			}
		})
	}
}

func TestAShopThatCannotBeReadIsToldAndTheRestOfItsStatusStays(t *testing.T) {
	w, d := open()
	w.Shop.Status = Shop(w, d)
	meta.SetStatusCondition(&w.Shop.Status.Conditions, metav1.Condition{Type: string(v1alpha1.ConditionStalled), Status: metav1.ConditionTrue, Reason: "GuardBroken"})
	s := Unreadable(w.Shop, errors.New("listing Jobs: forbidden"))
	if got := condition(s.Conditions, v1alpha1.ConditionReady); got != "False ApplyFailed" {
		t.Errorf("ready: %s", got)
	}
	if got := condition(s.Conditions, v1alpha1.ConditionAvailable); got != "True Serving" || s.Active.Release != releaseA {
		t.Errorf("available: %s, active %v: what serves goes on serving", got, s.Active)
	}
	if condition(s.Conditions, v1alpha1.ConditionStalled) != "" || condition(s.Conditions, v1alpha1.ConditionReconciling) != "True ApplyFailed" {
		t.Error("nobody would know that it is tried again")
	}
	if c := meta.FindStatusCondition(s.Conditions, string(v1alpha1.ConditionReady)); !strings.Contains(c.Message, "listing Jobs: forbidden") {
		t.Errorf("the cause is not told: %s", c.Message)
	}
}

func TestAServiceOfAShopThatDoesNotExistSaysSoAndForgetsWhatServed(t *testing.T) {
	svc := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "cart", Generation: 2}}
	svc.Spec.Shop = "gone"
	svc.Status = v1alpha1.ShopServiceStatus{ActiveRelease: releaseA, ActiveImage: "cart:1", CandidateImage: "cart:2", ReadyReplicas: 2, Replicas: 2, Conditions: []metav1.Condition{
		{Type: string(v1alpha1.ConditionReconciling), Status: metav1.ConditionTrue}, {Type: string(v1alpha1.ConditionPendingChanges), Status: metav1.ConditionTrue}}}
	s := Orphan(svc)
	if s.ActiveRelease != "" || s.ActiveImage != "" || s.CandidateImage != "" || s.ReadyReplicas != 0 || s.Replicas != 0 || s.ObservedGeneration != 2 {
		t.Errorf("got %+v", s)
	}
	if condition(s.Conditions, v1alpha1.ConditionReady) != "False UnknownShop" || condition(s.Conditions, v1alpha1.ConditionStalled) != "True UnknownShop" || len(s.Conditions) != 2 {
		t.Errorf("got %v", s.Conditions)
	}
	if m := s.Conditions[0].Message + s.Conditions[1].Message; !strings.Contains(m, "spec.shop names gone, which does not exist in namespace shops") {
		t.Errorf("got %s", m)
	}
	if svc.Status.ActiveRelease == "" {
		t.Error("what the cache holds was changed")
	}
}

func TestAShopThatIsDeletedAndHeldSaysThatNobodyCaresForIt(t *testing.T) {
	w, d := open()
	w.Shop.Status = Shop(w, d)
	w.Shop.Generation, w.Shop.Finalizers = 7, []string{"example.com/protect"}
	meta.SetStatusCondition(&w.Shop.Status.Conditions, metav1.Condition{Type: string(v1alpha1.ConditionStalled), Status: metav1.ConditionTrue, Reason: "GuardBroken"})
	s := Deleting(w.Shop)
	if got := condition(s.Conditions, v1alpha1.ConditionReady); got != "False Deleting" || s.ObservedGeneration != 7 {
		t.Errorf("ready: %s, of generation %d", got, s.ObservedGeneration)
	}
	if condition(s.Conditions, v1alpha1.ConditionStalled) != "" || condition(s.Conditions, v1alpha1.ConditionReconciling) != "True Deleting" {
		t.Error("by the rules of kstatus it is not Terminating")
	}
	if c := meta.FindStatusCondition(s.Conditions, string(v1alpha1.ConditionReady)); !strings.Contains(c.Message, "example.com/protect") {
		t.Errorf("who holds it is not told: %s", c.Message)
	}
}

func TestAwaitingApprovalIsThereOnlyWhileAPersonHasToGoOn(t *testing.T) {
	w, d := open()
	d.Reason, d.Message = v1alpha1.ReasonAwaitingPromotion, "release acme-bbbbbbbb is ready at the preview"
	w.Shop.Status = Shop(w, d)
	if got := condition(w.Shop.Status.Conditions, v1alpha1.ConditionAwaitingApproval); got != "True AwaitingPromotion" {
		t.Fatalf("a candidate waits: %q", got)
	}
	d.Reason = v1alpha1.ReasonSwitching
	for name, s := range map[string]v1alpha1.ShopStatus{
		"it was approved":             Shop(w, d),
		"the shop cannot be read":     Unreadable(w.Shop, errors.New("listing Jobs: forbidden")),
		"the shop is on its way away": Deleting(w.Shop),
	} {
		if got := condition(s.Conditions, v1alpha1.ConditionAwaitingApproval); got != "" {
			t.Errorf("%s, and it is still %q", name, got)
		}
	}
}
