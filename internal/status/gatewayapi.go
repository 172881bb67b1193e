package status

import (
	"fmt"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/resources"
)

// routeAddresses says where customers and testers of a front door of type GatewayAPI arrive.
// Without names for a preview, testers within the cluster ask the candidate's gateway.
func routeAddresses(w *observe.World, d *plan.Decision) (public, preview string) {
	if rel := w.Releases[d.Table.Preview]; rel != nil {
		if preview = w.Route.PreviewAddress; preview == "" {
			preview = resources.PreviewURL(w.Shop, rel)
		}
	}
	return w.Route.Address, preview
}

// noEntry says why customers do not get in.
func noEntry(w *observe.World) string {
	if w.Route != nil {
		return w.Observed.FrontDoor.Waiting
	}
	return "no replica of the front door is ready"
}

// gatewayMissing says that a stack's own gateway, if it has one, has no ready pod.
func gatewayMissing(w *observe.World, release string) string {
	if w.Route == nil || w.Observed.Stacks[release][v1alpha1.GatewayService].Available > 0 {
		return ""
	}
	return fmt.Sprintf("the gateway of release %s has no ready pod", release)
}

// gatewayReady tells whether a stack's own gateway, if it has one, is at its floor.
func gatewayReady(w *observe.World, d *plan.Decision, release string) bool {
	return w.Route == nil || w.Observed.Stacks[release][v1alpha1.GatewayService].ReadyAt(d.Floors(release)[v1alpha1.GatewayService])
}

// onItsWord says that nobody saw customers reach what serves: the Gateway says so. "": somebody did.
func onItsWord(w *observe.World) string {
	if w.Route == nil || w.Route.Word == "" {
		return ""
	}
	return "; that customers reach it rests on the word of the Gateway, which took the route up, since " + w.Route.Word
}
