package observe

import (
	"context"
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/probe"
	"github.com/emporium-shop/emporium/internal/release"
)

// NoGatewayAPI is what a shop is told whose front door type the cluster does not serve.
const NoGatewayAPI = "spec.frontDoor.type is GatewayAPI, but the cluster did not serve gateway.networking.k8s.io/v1 when the operator started: " +
	"install the Gateway API CRDs and restart the operator, or create the shop with type Managed"

// Prober asks a shop's Gateways which release answers.
type Prober interface {
	// Known returns since when they are known to send customers to the release, by the switch
	// of that time; zero: they are not.
	Known(shop types.NamespacedName, since time.Time, release string) time.Time
	// Word says why that is known by the Gateways' word alone; "": it was seen, or is not known.
	Word(shop types.NamespacedName, since time.Time, release string) string
	// Ask asks them, and returns what is known without waiting for their answer.
	Ask(probe.Question) probe.Answer
	// Forget drops what is known of a shop.
	Forget(shop types.NamespacedName)
}

// Route is what was read of a front door of type GatewayAPI.
type Route struct {
	// Public is the HTTPRoute that customers arrive by; nil where there is none, or it is somebody else's.
	Public *gatewayv1.HTTPRoute
	// Address and PreviewAddress are where customers and testers arrive; "": not known.
	Address, PreviewAddress string
	// Word says why it is known by the Gateways' word alone that customers reach what serves; "": it was seen.
	Word string
}

// readRoute reads a front door of type GatewayAPI. What the shop's HTTPRoute names is
// what serves: the table follows it, and is the truth only where the HTTPRoute was deleted.
func (r *Reader) readRoute(ctx context.Context, w *World) error {
	if !w.Shop.UsesGatewayAPI() {
		return nil
	}
	w.Route = &Route{}
	addGateways(w)
	if !r.GatewayAPI {
		w.Observed.FrontDoor = plan.FrontDoor{Missing: NoGatewayAPI, Waiting: NoGatewayAPI}
		return nil
	}
	if err := r.readPublic(ctx, w); err != nil {
		return err
	}
	entrances, err := r.entrances(ctx, w.Shop)
	if err != nil {
		return err
	}
	spec := w.Shop.Spec.FrontDoor.GatewayAPI
	w.Route.Address = entrances.address(spec.Hostnames)
	if len(spec.PreviewHostnames) > 0 {
		w.Route.PreviewAddress = entrances.address(spec.PreviewHostnames)
	}
	r.follow(w, entrances)
	return r.readCounts(ctx, w)
}

// addGateways makes each release's gateway one of its services: a stack is ready when it is.
func addGateways(w *World) {
	for i := range w.Observed.Releases {
		addGateway(w.Shop, &w.Observed.Releases[i])
	}
}

func addGateway(shop *v1alpha1.Shop, rel *plan.Release) {
	managed := &shop.Spec.FrontDoor.Managed
	resources := managed.GatewayResources()
	rel.Services = append(rel.Services, plan.Service{
		Name: v1alpha1.GatewayService, Scale: plan.Scale{Min: max(managed.Replicas, 1)},
		PerPod: perPod(&resources), Fixed: perService(),
	})
}

func (r *Reader) readPublic(ctx context.Context, w *World) error {
	route := &gatewayv1.HTTPRoute{}
	key := client.ObjectKeyFromObject(w.Shop)
	err := r.Cache.Get(ctx, key, route)
	if err != nil && w.Observed.Table.Active != "" && client.IgnoreNotFound(err) == nil {
		err = r.Configs.Live.Get(ctx, key, route) // it was there: somebody took it away, or its label
	}
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading HTTPRoute %s: %w", w.Shop.Name, err)
	}
	if err != nil || !isRouteOf(w.Shop, route) || !route.DeletionTimestamp.IsZero() {
		return nil
	}
	w.Route.Public = route
	n := named(w, route)
	if n.Switch != nil && w.isOutdated(n.Active, n.Switch) { // put back from a backup
		last := w.Shop.Status.LastSwitch
		n = frontdoor.Named{Active: last.To, Switch: &frontdoor.Switch{At: last.WrittenAt.Time, From: last.From}}
	}
	t := &w.Observed.Table
	t.Active, t.Switch, t.Guard = n.Active, n.Switch, n.Guard
	return nil
}

// isRouteOf tells the shop's route from somebody else's. One that nobody controls and that carries what only the
// operator writes is the shop's: it lost its owner, and the next write gives it back.
func isRouteOf(shop *v1alpha1.Shop, route *gatewayv1.HTTPRoute) bool {
	if owner := metav1.GetControllerOfNoCopy(route); owner != nil {
		return owner.UID == shop.UID
	}
	return route.Annotations[AnnotationApplied] != ""
}

// named reads which release the HTTPRoute names. Where somebody took the annotation away, the
// backend tells, and the table, which follows, knows the switch.
func named(w *World, route *gatewayv1.HTTPRoute) frontdoor.Named {
	if n, err := frontdoor.DecodeNamed(route.Annotations[v1alpha1.AnnotationSwitch]); err == nil && n.Active != "" {
		return n
	}
	t := w.Observed.Table
	for name, rel := range w.Releases {
		pinned := release.ObjectName(w.Shop.Name, v1alpha1.GatewayService, rel.Spec.Revision)
		if slices.Contains(Backends(route), pinned) && name != t.Active {
			return frontdoor.Named{Active: name}
		}
	}
	return frontdoor.Named{Active: t.Active, Switch: t.Switch, Guard: t.Guard}
}

// Backends names the Services that an HTTPRoute sends to.
func Backends(route *gatewayv1.HTTPRoute) (out []string) {
	for _, rule := range route.Spec.Rules {
		for _, b := range rule.BackendRefs {
			out = append(out, string(b.Name))
		}
	}
	return out
}

// follow finds out whether customers reach what the HTTPRoute names.
func (r *Reader) follow(w *World, e entrances) {
	f := &w.Observed.FrontDoor
	*f = plan.FrontDoor{Ready: 1, Current: 1}
	s := w.Observed.Table.Switch
	switch {
	case w.Observed.Table.Active == "":
		return
	case w.Route.Public == nil:
		*f = plan.FrontDoor{Waiting: fmt.Sprintf("HTTPRoute %s is gone and is written again", w.Shop.Name)}
		return
	}
	if f.Waiting = closed(w.Route.Public); f.Waiting != "" {
		f.Ready, f.Current = 0, 0
		return
	}
	if s == nil {
		return
	}
	if f.ConfirmedAt = r.known(w, s); !f.ConfirmedAt.IsZero() {
		f.Confirmed = 1
		w.Route.Word = r.Prober.Word(client.ObjectKeyFromObject(w.Shop), s.At, w.Observed.Table.Active)
		return
	}
	if f.Waiting = notTakenUp(w.Route.Public); f.Waiting == "" {
		f.Waiting = e.unknown
	}
	if f.Waiting != "" {
		return
	}
	answer := r.Prober.Ask(probe.Question{
		Shop: client.ObjectKeyFromObject(w.Shop), Switch: s.At, Release: w.Observed.Table.Active, Entrances: e.ways,
	})
	f.Waiting = answer.Said
	if w.Wake == 0 || (answer.Again > 0 && answer.Again < w.Wake) {
		w.Wake = answer.Again
	}
	if !answer.Since.IsZero() {
		f.Confirmed, f.ConfirmedAt = 1, answer.Since
	}
}

// known returns since when the switch is confirmed. An operator that was started anew finds it
// in the Shop's status; where that is gone, it asks again.
func (r *Reader) known(w *World, s *frontdoor.Switch) time.Time {
	if at := r.Prober.Known(client.ObjectKeyFromObject(w.Shop), s.At, w.Observed.Table.Active); !at.IsZero() {
		return at
	}
	last := w.Shop.Status.LastSwitch
	if last == nil || last.ConfirmedAt == nil || last.To != w.Observed.Table.Active || !last.WrittenAt.Time.Equal(s.At.Truncate(time.Microsecond)) {
		return time.Time{}
	}
	return last.ConfirmedAt.Time
}

// readCounts adds up what the gateways of the active release counted.
func (r *Reader) readCounts(ctx context.Context, w *World) error {
	if w.Observed.Table.Guard == nil {
		return nil
	}
	var pods corev1.PodList
	var leases coordinationv1.LeaseList
	of := client.MatchingLabels{
		frontdoor.LabelShop: w.Shop.Name, frontdoor.LabelRelease: w.Observed.Table.Active, frontdoor.LabelService: v1alpha1.GatewayService,
	}
	if err := r.Cache.List(ctx, &pods, client.InNamespace(w.Shop.Namespace), of); err != nil {
		return fmt.Errorf("listing the gateway's pods: %w", err)
	}
	reports := client.MatchingLabels{frontdoor.LabelShop: w.Shop.Name, frontdoor.LabelComponent: frontdoor.ComponentFrontDoor}
	if err := r.Cache.List(ctx, &leases, client.InNamespace(w.Shop.Namespace), reports); err != nil {
		return fmt.Errorf("listing the gateway's Leases: %w", err)
	}
	w.Observed.FrontDoor.Counts = confirmation(pods.Items, leases.Items, w.Observed.Table.Switch, "").Counts
	return nil
}

// Forget drops what is remembered of a shop that is gone.
func (r *Reader) Forget(shop types.NamespacedName) {
	r.identities.forget(shop)
	if r.Prober != nil {
		r.Prober.Forget(shop)
	}
	if r.Configs != nil {
		r.Configs.Forget(shop)
	}
}

// ShopsAt names the shops that customers reach through a Gateway.
func (r *Reader) ShopsAt(ctx context.Context, gateway types.NamespacedName) (out []types.NamespacedName) {
	var shops v1alpha1.ShopList
	if r.Cache.List(ctx, &shops) != nil {
		return nil // the cache is not there yet; every shop is looked at when it is
	}
	for i := range shops.Items {
		s := &shops.Items[i]
		if s.UsesGatewayAPI() && slices.Contains(gatewaysOf(s), gateway) {
			out = append(out, client.ObjectKeyFromObject(s))
		}
	}
	return out
}
