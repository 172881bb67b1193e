package status

import (
	"fmt"
	"slices"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/resources"
)

// isAvailable: a replica of the front door is there and can be reached, and each service of the release that it sends customers
// to has a pod, and what leads to it.
func isAvailable(w *observe.World) (bool, string) {
	active, serves := w.Observed.Table.Active, serving(w)
	switch {
	case active == "":
		return false, "nothing serves yet"
	case w.Observed.FrontDoor.Ready == 0:
		return false, noEntry(w)
	case serves == "":
		return false, fmt.Sprintf("no replica of the front door routes to release %s yet", active)
	}
	for _, missing := range []string{entranceMissing(w), gatewayMissing(w, active), serviceMissing(w, serves)} {
		if missing != "" {
			return false, missing
		}
	}
	return true, fmt.Sprintf("release %s serves customers", serves)
}

// serving is the release to which customers come; "": none. Between the write of a switch and the first replica that
// follows it that is the one before.
func serving(w *observe.World) string {
	table := w.Observed.Table
	switch {
	case w.Shop.UsesGatewayAPI(), w.Observed.FrontDoor.ConfirmedBefore, slices.Contains(w.Routed, table.Active):
		return table.Active
	case table.Switch != nil && slices.Contains(w.Routed, table.Switch.From):
		return table.Switch.From
	}
	return ""
}

// entranceMissing says that the Service at which customers arrive leads nowhere.
func entranceMissing(w *observe.World) string {
	if w.Shop.UsesGatewayAPI() || resources.LeadsToFrontDoor(w.Entrance, w.Shop.Name) {
		return ""
	}
	return fmt.Sprintf("Service %s, at which customers arrive, is gone or selects other pods; it is put back", w.Shop.Name)
}

func serviceMissing(w *observe.World, active string) string {
	rel := w.Releases[active]
	if rel == nil {
		return ""
	}
	for i := range rel.Spec.Services {
		svc := &rel.Spec.Services[i]
		if svc.Activation == v1alpha1.ActivationWithTraffic {
			continue
		}
		if w.Observed.Stacks[active][svc.Name].Available == 0 {
			return fmt.Sprintf("service %s of release %s has no ready pod", svc.Name, active)
		}
		name := release.ObjectName(w.Shop.Name, svc.Name, rel.Spec.Revision)
		if s, there := w.Reached[name]; !there || !resources.LeadsToPods(&s, w.Shop.Name, svc.Name, active) {
			return fmt.Sprintf("Service %s, by which service %s is reached, is gone or selects other pods; it is put back", name, svc.Name)
		}
	}
	return ""
}
