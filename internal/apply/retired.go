package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// pruning is one pass over all kinds.
type pruning struct {
	world *observe.World
	keep  kept
	// decided is what the front door names by the decision.
	decided plan.TablePlan
	// asked: the front door was looked at past the cache. named is what it was found to name since the
	// decision; "": what was decided.
	asked bool
	named string
	// preview is the release that is shown at the preview, past the cache.
	preview string
	// backends are the Services that a route names, past the cache.
	backends []string
	// runs tells whether a release plays a role: single objects of it may go, it does not.
	runs func(release string) bool
}

// proveRetired asks past the cache, once a pass, whether the front door still names what it named
// when the retirement was decided. An operator that slept through a change of leader must not take
// away what the next one switched back to; the preconditions of a deletion do not tell, since a switch
// changes nothing of a stack, and the deletion of a collection has none.
func (w *Writer) proveRetired(ctx context.Context, pass *pruning, rel string) error {
	if !pass.asked {
		if err := w.askFrontDoor(ctx, pass); err != nil {
			return fmt.Errorf("looking at the front door before the stack of %s is deleted: %w", rel, err)
		}
	}
	routed := slices.ContainsFunc(pass.backends, func(name string) bool {
		return strings.HasSuffix(name, strings.TrimPrefix(rel, pass.world.Shop.Name))
	})
	if pass.named != "" || routed || pass.preview == rel {
		return apierrors.NewConflict(corev1.Resource("configmaps"), frontdoor.TableName(pass.world.Shop.Name),
			fmt.Errorf("since the retirement of %s was decided the front door names %q, and %q at its preview", rel, pass.named, pass.preview))
	}
	return nil
}

func (w *Writer) askFrontDoor(ctx context.Context, pass *pruning) (err error) {
	if pass.world.Route != nil {
		err = w.askRoute(ctx, pass)
	} else if pass.world.Table != nil {
		err = w.askTable(ctx, pass)
	}
	pass.asked = err == nil
	return err
}

func (w *Writer) askTable(ctx context.Context, pass *pruning) error {
	var now corev1.ConfigMap
	if err := w.Live.Get(ctx, client.ObjectKeyFromObject(pass.world.Table), &now); err != nil {
		return err
	}
	table, err := frontdoor.Decode(now.Data[frontdoor.TableKey])
	if err != nil {
		return err
	}
	if table.Active != pass.decided.Active || !sameSwitch(table.Switch, pass.decided.Switch) {
		pass.named = table.Active
	}
	pass.preview = table.Preview
	return nil
}

func (w *Writer) askRoute(ctx context.Context, pass *pruning) error {
	var route gatewayv1.HTTPRoute
	err := w.Live.Get(ctx, client.ObjectKeyFromObject(pass.world.Shop), &route)
	pass.backends = observe.Backends(&route)
	return client.IgnoreNotFound(err)
}

func sameSwitch(a, b *frontdoor.Switch) bool {
	return a == b || (a != nil && b != nil && a.At.Equal(b.At))
}
