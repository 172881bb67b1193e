package controllers

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// A release that takes a minute to start, and wakes the operator ten times a second.
func TestProgressIsWrittenEverMoreRarely(t *testing.T) {
	var p pace
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "shops"}}
	begun := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	var written []float64
	for now := begun; now.Before(begun.Add(time.Minute)); now = now.Add(100 * time.Millisecond) {
		d := plan.Decision{Reason: v1alpha1.ReasonStarting}
		if p.tooSoon(shop, &shop.Status, &d, now) {
			if d.Wake <= 0 || d.Wake > slowestProgress {
				t.Fatalf("what was not written is looked at again in %s", d.Wake)
			}
			continue
		}
		written = append(written, now.Sub(begun).Seconds())
		shop.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Reason: string(d.Reason)}}
	}
	if want := []float64{0, 3, 9, 21, 45}; !slices.Equal(written, want) {
		t.Errorf("written after %v seconds, want %v", written, want)
	}
	if d := (plan.Decision{Reason: v1alpha1.ReasonSwitching}); p.tooSoon(shop, &shop.Status, &d, begun.Add(45*time.Second+time.Millisecond)) {
		t.Error("a transition was not written at once")
	}
	p.last[client.ObjectKeyFromObject(shop)] = told{begun, slowestProgress}
	down := shop.Status.DeepCopy()
	down.Conditions = append(down.Conditions, metav1.Condition{Type: string(v1alpha1.ConditionAvailable), Status: metav1.ConditionFalse})
	if d := (plan.Decision{Reason: v1alpha1.ReasonStarting}); p.tooSoon(shop, down, &d, begun.Add(time.Second)) {
		t.Error("that customers are not served any more was not written at once")
	}
}
