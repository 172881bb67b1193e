package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func TestAGatewayWakesShopsWithWhatTheyLookAt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*gatewayv1.Gateway)
		want   bool
	}{
		"its address came": {func(g *gatewayv1.Gateway) {
			g.Status.Addresses = []gatewayv1.GatewayStatusAddress{{Value: "10.0.0.1"}}
		}, true},
		"its listeners changed": {func(g *gatewayv1.Gateway) { g.Generation++ }, true},
		"it counted its routes": {func(g *gatewayv1.Gateway) {
			g.ResourceVersion, g.Status.Listeners = "2", []gatewayv1.ListenerStatus{{Name: "web", AttachedRoutes: 7}}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			before := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Generation: 1, ResourceVersion: "1"}}
			after := before.DeepCopy()
			c.change(after)
			if got := gatewayTold().Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != c.want {
				t.Errorf("wakes: %t, want %t", got, c.want)
			}
		})
	}
}

func TestTheSoonerOfTwoTimesWins(t *testing.T) {
	const never, soon, late = time.Duration(0), time.Second, time.Hour
	for _, c := range [][3]time.Duration{{never, never, never}, {soon, never, soon}, {never, soon, soon}, {late, soon, soon}, {soon, late, soon}} {
		if got := sooner(c[0], c[1]); got != c[2] {
			t.Errorf("sooner(%s, %s) = %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
