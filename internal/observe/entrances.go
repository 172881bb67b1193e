package observe

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/probe"
)

// entrances are the ways by which customers reach a shop.
type entrances struct {
	ways []probe.Entrance
	// unknown says why there is no way to ask; "": there is.
	unknown string
	// first is the listener of the first Gateway, and at is that Gateway's address.
	first gatewayv1.Listener
	at    string
}

func (r *Reader) entrances(ctx context.Context, shop *v1alpha1.Shop) (entrances, error) {
	var out entrances
	var found []gatewayv1.Gateway
	spec := shop.Spec.FrontDoor.GatewayAPI
	for i, key := range gatewaysOf(shop) {
		if said := r.outOfReach(key); said != "" {
			out.unknown = said
			continue
		}
		var g gatewayv1.Gateway
		err := r.Cache.Get(ctx, key, &g)
		if apierrors.IsNotFound(err) {
			out.unknown = fmt.Sprintf("Gateway %s, which spec.frontDoor.gatewayAPI.parentRefs names, does not exist", key)
			continue
		}
		if err != nil {
			return entrances{}, fmt.Errorf("reading Gateway %s: %w", key, err)
		}
		out.add(&g, spec.ParentRefs[i].SectionName, spec.Hostnames)
		found = append(found, g)
	}
	if spec.ProbeAddress != "" {
		out.ways, out.unknown = nil, r.forbidden(shop, found)
		if out.unknown == "" {
			out.ways = []probe.Entrance{way(out.first, spec.ProbeAddress, spec.Hostnames)}
		}
	}
	return out, nil
}

func (e *entrances) add(g *gatewayv1.Gateway, section string, hostnames []string) {
	l, there := listener(g, section)
	switch {
	case !there:
		e.unknown = fmt.Sprintf("Gateway %s/%s has no listener %q, which spec.frontDoor.gatewayAPI.parentRefs names", g.Namespace, g.Name, section)
		return
	case len(g.Status.Addresses) == 0:
		e.unknown = fmt.Sprintf("Gateway %s/%s has no address in its status; spec.frontDoor.gatewayAPI.probeAddress can name one", g.Namespace, g.Name)
	}
	if e.first.Port == 0 {
		e.first = l
	}
	if len(g.Status.Addresses) == 0 {
		return
	}
	address := g.Status.Addresses[0].Value
	if e.at == "" {
		e.first, e.at = l, address
	}
	e.ways = append(e.ways, way(l, net.JoinHostPort(address, strconv.Itoa(int(l.Port))), hostnames))
}

// listener returns the named listener, else the first that speaks HTTP, else the first.
func listener(g *gatewayv1.Gateway, section string) (gatewayv1.Listener, bool) {
	for _, l := range g.Spec.Listeners {
		if section == string(l.Name) || (section == "" && l.Protocol == gatewayv1.HTTPProtocolType) {
			return l, true
		}
	}
	if section != "" || len(g.Spec.Listeners) == 0 {
		return gatewayv1.Listener{}, false
	}
	return g.Spec.Listeners[0], true
}

func way(l gatewayv1.Listener, hostPort string, hostnames []string) probe.Entrance {
	e := probe.Entrance{URL: scheme(l) + "://" + hostPort + "/"}
	switch {
	case len(hostnames) > 0:
		e.Host = hostnames[0]
	case l.Hostname != nil:
		e.Host = string(*l.Hostname)
	}
	if rest, wild := strings.CutPrefix(e.Host, "*."); wild {
		e.Host = "emporium-probe." + rest
	}
	return e
}

// address is where customers arrive: the first name, else the Gateway's address; "": not known.
func (e entrances) address(hostnames []string) string {
	host := e.at
	if len(hostnames) > 0 && !strings.HasPrefix(hostnames[0], "*") {
		host = hostnames[0]
	}
	if host == "" {
		return ""
	}
	if p := int(e.first.Port); p != 0 && p != map[string]int{"http": 80, "https": 443}[scheme(e.first)] {
		host = net.JoinHostPort(host, strconv.Itoa(p))
	}
	return scheme(e.first) + "://" + host
}

func scheme(l gatewayv1.Listener) string {
	if l.Protocol == gatewayv1.HTTPSProtocolType {
		return "https"
	}
	return "http"
}

// gatewaysOf names the Gateways of a shop, in the order of its parentRefs.
func gatewaysOf(shop *v1alpha1.Shop) (out []types.NamespacedName) {
	for _, p := range shop.Spec.FrontDoor.GatewayAPI.ParentRefs {
		ns := p.Namespace
		if ns == "" {
			ns = shop.Namespace
		}
		out = append(out, types.NamespacedName{Namespace: ns, Name: p.Name})
	}
	return out
}

// closed says why customers cannot come in, as far as the Gateways say so; "": they can. A
// Gateway that has not looked at the newest route still serves the one before.
func closed(route *gatewayv1.HTTPRoute) string {
	for _, p := range route.Spec.ParentRefs {
		s := statusOf(route, p)
		for _, t := range []gatewayv1.RouteConditionType{gatewayv1.RouteConditionAccepted, gatewayv1.RouteConditionResolvedRefs} {
			if c := meta.FindStatusCondition(s.Conditions, string(t)); c != nil && c.Status == metav1.ConditionFalse {
				return fmt.Sprintf("Gateway %s says of HTTPRoute %s: %s is False (%s)", nameOf(route, p), route.Name, t, c.Reason)
			}
		}
		if meta.FindStatusCondition(s.Conditions, string(gatewayv1.RouteConditionAccepted)) == nil {
			return fmt.Sprintf("Gateway %s has not accepted HTTPRoute %s yet", nameOf(route, p), route.Name)
		}
	}
	return ""
}

// notTakenUp says which Gateway has not accepted the route as it is now; "": all have.
func notTakenUp(route *gatewayv1.HTTPRoute) string {
	for _, p := range route.Spec.ParentRefs {
		s := statusOf(route, p)
		for _, t := range []gatewayv1.RouteConditionType{gatewayv1.RouteConditionAccepted, gatewayv1.RouteConditionResolvedRefs} {
			c := meta.FindStatusCondition(s.Conditions, string(t))
			if c == nil || c.Status != metav1.ConditionTrue || c.ObservedGeneration < route.Generation {
				return fmt.Sprintf("Gateway %s has not taken up HTTPRoute %s yet", nameOf(route, p), route.Name)
			}
		}
	}
	return ""
}

func statusOf(route *gatewayv1.HTTPRoute, p gatewayv1.ParentReference) gatewayv1.RouteParentStatus {
	for _, s := range route.Status.Parents {
		if nameOf(route, s.ParentRef) == nameOf(route, p) && section(s.ParentRef) == section(p) {
			return s
		}
	}
	return gatewayv1.RouteParentStatus{}
}

func nameOf(route *gatewayv1.HTTPRoute, p gatewayv1.ParentReference) string {
	ns := route.Namespace
	if p.Namespace != nil {
		ns = string(*p.Namespace)
	}
	return ns + "/" + string(p.Name)
}

func section(p gatewayv1.ParentReference) string {
	if p.SectionName == nil {
		return ""
	}
	return string(*p.SectionName)
}
