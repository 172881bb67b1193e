package cli

import (
	"bytes"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// shopThat serves A (version 1) and says a reason, with conditions that are True.
func shopThat(reason v1alpha1.Reason, holds ...v1alpha1.ConditionType) *v1alpha1.Shop {
	s := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme", Generation: 3}}
	s.Status.ObservedGeneration = 3
	s.Status.Active = &v1alpha1.ReleaseRef{Release: "acme-aaaaaaaa", Version: "1"}
	status := map[v1alpha1.ConditionType]metav1.ConditionStatus{v1alpha1.ConditionReady: metav1.ConditionFalse}
	for _, c := range holds {
		status[c] = metav1.ConditionTrue
	}
	for c, is := range status {
		s.Status.Conditions = append(s.Status.Conditions, metav1.Condition{Type: string(c), Status: is, Reason: string(reason), Message: "a message"})
	}
	return s
}

func TestWhatIsWaitedForIsReached(t *testing.T) {
	serving, window := shopThat(v1alpha1.ReasonServing, v1alpha1.ConditionReady), shopThat(v1alpha1.ReasonRollbackWindow, v1alpha1.ConditionReady)
	awaiting := shopThat(v1alpha1.ReasonAwaitingPromotion, v1alpha1.ConditionAwaitingApproval)
	starting, switching := shopThat(v1alpha1.ReasonStarting), shopThat(v1alpha1.ReasonSwitching)
	paused, held := shopThat(v1alpha1.ReasonPaused), shopThat(v1alpha1.ReasonRollbackRefused, v1alpha1.ConditionStalled)
	stale := shopThat(v1alpha1.ReasonServing, v1alpha1.ConditionReady, v1alpha1.ConditionStalled)
	stale.Generation = 4
	none := shopThat(v1alpha1.ReasonInstalling)
	none.Status.Active = nil
	type shops map[string]*v1alpha1.Shop
	all := shops{"serving": serving, "window": window, "awaiting": awaiting, "starting": starting, "switching": switching, "paused": paused, "held": held, "stale": stale, "none": none}
	for what, reached := range map[string][]string{
		"serving":               {"serving", "window"},
		"awaiting":              {"awaiting"},
		"settled":               {"serving", "awaiting", "paused"},
		"release=acme-aaaaaaaa": {"serving", "window", "awaiting", "starting", "paused", "held"},
		"release=1":             {"serving", "window", "awaiting", "starting", "paused", "held"},
		"release=2":             {},
	} {
		target, err := parseTarget(what)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, name := range reached {
			want[name] = true
		}
		for name, shop := range all {
			if target.reached(shop) != want[name] {
				t.Errorf("--for %s, a shop that is %s: %t", what, name, !want[name])
			}
		}
	}
	if !stalled(held) || stalled(serving) || stalled(stale) {
		t.Error("stalled is what the operator says of the spec as it is")
	}
}

func TestEachStepIsToldOnce(t *testing.T) {
	var out bytes.Buffer
	s, at := &steps{out: &out}, time.Date(2026, 11, 27, 9, 0, 0, 0, time.Local)
	for _, shop := range []*v1alpha1.Shop{shopThat(v1alpha1.ReasonStarting), shopThat(v1alpha1.ReasonStarting), shopThat(v1alpha1.ReasonServing), {}} {
		s.tell(at, shop)
	}
	const want = "09:00:00  Starting  a message\n09:00:00  Serving  a message\n09:00:00  Unknown  the operator has not said anything of it yet\n"
	if out.String() != want {
		t.Errorf("%q", out.String())
	}
}

func TestNoOtherStateIsWaitedFor(t *testing.T) {
	for _, text := range []string{"", "ready", "release", "release=", "serving=acme-aaaaaaaa"} {
		if _, err := parseTarget(text); codeOf(err) != exitUsage {
			t.Errorf("%q: %v", text, err)
		}
	}
}
