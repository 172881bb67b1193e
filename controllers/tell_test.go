package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestATransitionIsToldOnce(t *testing.T) {
	says := func(reason v1alpha1.Reason, message string) []metav1.Condition {
		return []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Reason: string(reason), Message: message}}
	}
	for name, c := range map[string]struct {
		before, after []metav1.Condition
		want          bool
	}{
		"nothing is said yet":                {nil, nil, false},
		"the first word":                     {nil, says(v1alpha1.ReasonInstalling, "0 of 2"), true},
		"progress":                           {says(v1alpha1.ReasonStarting, "0 of 2"), says(v1alpha1.ReasonStarting, "1 of 2"), false},
		"another reason":                     {says(v1alpha1.ReasonStarting, "1 of 2"), says(v1alpha1.ReasonSwitching, "B"), true},
		"stalled as before":                  {says(v1alpha1.ReasonCheckFailed, "smoke"), says(v1alpha1.ReasonCheckFailed, "smoke"), false},
		"stalled for something else by now":  {says(v1alpha1.ReasonCheckFailed, "smoke"), says(v1alpha1.ReasonCheckFailed, "prices"), true},
		"the condition went, as none should": {says(v1alpha1.ReasonServing, "A"), nil, false},
	} {
		if _, got := (transition{nil, c.before, c.after, v1alpha1.ConditionReady}).happened(); got != c.want {
			t.Errorf("%s: told %t", name, got)
		}
	}
}

func TestAWayBackIsNoRelease(t *testing.T) {
	release := func(cut, switched time.Duration) *v1alpha1.ShopRelease {
		epoch := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
		at := metav1.NewMicroTime(epoch.Add(switched))
		return &v1alpha1.ShopRelease{
			ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(epoch.Add(cut))},
			Status:     v1alpha1.ShopReleaseStatus{SwitchedAt: &at},
		}
	}
	older, newer := release(0, time.Minute), release(time.Hour, time.Hour+time.Minute)
	if !forward(nil, older) || !forward(older, newer) {
		t.Error("the first release and the next one go forward")
	}
	if forward(newer, older) {
		t.Error("the older release, after the newer one, is a way back")
	}
}
