package observe

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/internal/probe"
)

func publicGateway(addresses ...string) *gatewayv1.Gateway {
	g := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: "public"}, Spec: gatewayv1.GatewaySpec{Listeners: []gatewayv1.Listener{
		{Name: "secure", Protocol: gatewayv1.HTTPSProtocolType, Port: 443},
		{Name: "web", Protocol: gatewayv1.HTTPProtocolType, Port: 8080, Hostname: ptr.To[gatewayv1.Hostname]("*.example")},
	}}}
	for _, a := range addresses {
		g.Status.Addresses = append(g.Status.Addresses, gatewayv1.GatewayStatusAddress{Value: a})
	}
	return g
}

func TestEntrances(t *testing.T) {
	for name, c := range map[string]struct {
		addresses, hostnames []string
		section              string
		ways                 []probe.Entrance
		unknown, address     string
	}{
		"the first listener that speaks HTTP, under the shop's first name": {
			addresses: []string{"10.0.0.1", "10.0.0.2"}, hostnames: []string{"acme.example", "www.acme.example"},
			ways: []probe.Entrance{{URL: "http://10.0.0.1:8080/", Host: "acme.example"}}, address: "http://acme.example:8080",
		},
		"the listener that the shop names": {
			addresses: []string{"10.0.0.1"}, hostnames: []string{"acme.example"}, section: "secure",
			ways: []probe.Entrance{{URL: "https://10.0.0.1:443/", Host: "acme.example"}}, address: "https://acme.example",
		},
		"a wildcard is asked for by a name under it": {
			addresses: []string{"fd00::1"},
			ways:      []probe.Entrance{{URL: "http://[fd00::1]:8080/", Host: "emporium-probe.example"}}, address: "http://[fd00::1]:8080",
		},
		"a Gateway without an address": {
			unknown: "Gateway infra/public has no address in its status; spec.frontDoor.gatewayAPI.probeAddress can name one",
		},
		"a listener that is not there": {
			addresses: []string{"10.0.0.1"}, section: "grpc",
			unknown: `Gateway infra/public has no listener "grpc", which spec.frontDoor.gatewayAPI.parentRefs names`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var e entrances
			e.add(publicGateway(c.addresses...), c.section, c.hostnames)
			if diff := cmp.Diff(c.ways, e.ways); diff != "" {
				t.Errorf("ways (-want +got):\n%s", diff)
			}
			if e.unknown != c.unknown {
				t.Errorf("unknown: %q, want %q", e.unknown, c.unknown)
			}
			if got := e.address(c.hostnames); got != c.address {
				t.Errorf("address: %q, want %q", got, c.address)
			}
		})
	}
}

func TestARouteIsOpenWhenEveryGatewayAcceptedIt(t *testing.T) {
	public, private := gatewayv1.ParentReference{Name: "public"}, gatewayv1.ParentReference{Name: "private"}
	said := func(p gatewayv1.ParentReference, generation int64, accepted, resolved metav1.ConditionStatus) gatewayv1.RouteParentStatus {
		return gatewayv1.RouteParentStatus{ParentRef: p, Conditions: []metav1.Condition{
			{Type: "Accepted", Status: accepted, Reason: "NotAllowedByListeners", ObservedGeneration: generation},
			{Type: "ResolvedRefs", Status: resolved, Reason: "BackendNotFound", ObservedGeneration: generation},
		}}
	}
	for name, c := range map[string]struct {
		parents            []gatewayv1.RouteParentStatus
		closed, notTakenUp string
	}{
		"both took it up": {parents: []gatewayv1.RouteParentStatus{said(public, 2, "True", "True"), said(private, 2, "True", "True")}},
		"nobody looked at it yet": {
			closed: "Gateway infra/public has not accepted HTTPRoute acme yet", notTakenUp: "Gateway infra/public has not taken up HTTPRoute acme yet",
		},
		"one still serves the route before": {
			parents:    []gatewayv1.RouteParentStatus{said(public, 2, "True", "True"), said(private, 1, "True", "True")},
			notTakenUp: "Gateway infra/private has not taken up HTTPRoute acme yet",
		},
		"one refuses it": {
			parents:    []gatewayv1.RouteParentStatus{said(public, 2, "False", "True"), said(private, 2, "True", "True")},
			closed:     "Gateway infra/public says of HTTPRoute acme: Accepted is False (NotAllowedByListeners)",
			notTakenUp: "Gateway infra/public has not taken up HTTPRoute acme yet",
		},
		"one does not find the Service": {
			parents:    []gatewayv1.RouteParentStatus{said(public, 2, "True", "True"), said(private, 2, "True", "False")},
			closed:     "Gateway infra/private says of HTTPRoute acme: ResolvedRefs is False (BackendNotFound)",
			notTakenUp: "Gateway infra/private has not taken up HTTPRoute acme yet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			route := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: "acme", Generation: 2}}
			route.Spec.ParentRefs = []gatewayv1.ParentReference{public, private}
			route.Status.Parents = c.parents
			if got := closed(route); got != c.closed {
				t.Errorf("closed: %q, want %q", got, c.closed)
			}
			if got := notTakenUp(route); got != c.notTakenUp {
				t.Errorf("not taken up: %q, want %q", got, c.notTakenUp)
			}
		})
	}
}
