package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestANamespaceThatGoesIsAskedEverMoreRarely(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	shop := &v1alpha1.Shop{}
	shop.Status.Conditions = []metav1.Condition{{
		Type: string(v1alpha1.ConditionReady), Reason: string(v1alpha1.ReasonDeleting), LastTransitionTime: metav1.NewTime(now.Add(-10 * time.Minute)),
	}}
	if got := askAgain(shop, now); got != askAgainLatest {
		t.Errorf("after ten minutes: %s", got)
	}
}

func TestARefusalIsTriedAgainEverMoreRarely(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	shop := &v1alpha1.Shop{}
	if got := askAgain(shop, now); got != 5*time.Second {
		t.Errorf("a new one: %s", got)
	}
	for stood, want := range map[time.Duration]time.Duration{
		time.Second: 5 * time.Second, time.Minute: 30 * time.Second, 8 * time.Minute: 45 * time.Second, 24 * time.Hour: 45 * time.Second,
	} {
		shop.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionStalled), LastTransitionTime: metav1.NewTime(now.Add(-stood))}}
		if got := askAgain(shop, now); got != want {
			t.Errorf("one of %s: %s, want %s", stood, got, want)
		}
	}
}
