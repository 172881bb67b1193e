package observe

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// forbidden says why the operator does not ask at the address that the shop names; "": it does. Whoever may
// write a Shop would otherwise learn what answers anywhere in the operator's network.
func (r *Reader) forbidden(shop *v1alpha1.Shop, gateways []gatewayv1.Gateway) string {
	address := shop.Spec.FrontDoor.GatewayAPI.ProbeAddress
	host, _, err := net.SplitHostPort(address)
	if err == nil && (r.ProbeAnywhere || isAddressOf(host, gateways) || isServiceNear(host, shop.Namespace, gateways)) {
		return ""
	}
	return fmt.Sprintf("spec.frontDoor.gatewayAPI.probeAddress names %s, which is neither an address in the status of the shop's Gateways nor a Service of namespace %s or of theirs, "+
		"written as <name>.<namespace>.svc; name one of these, or run the operator with --probe-anywhere", address, shop.Namespace)
}

func isAddressOf(host string, gateways []gatewayv1.Gateway) bool {
	for _, g := range gateways {
		if slices.ContainsFunc(g.Status.Addresses, func(a gatewayv1.GatewayStatusAddress) bool { return a.Value == host }) {
			return true
		}
	}
	return false
}

// isServiceNear: a Gateway of another namespace that has accepted the shop's route let the shop in.
func isServiceNear(host, namespace string, gateways []gatewayv1.Gateway) bool {
	part := strings.Split(strings.TrimSuffix(strings.TrimSuffix(host, "."), ".cluster.local"), ".")
	if len(part) != 3 || part[0] == "" || part[2] != "svc" {
		return false
	}
	return part[1] == namespace || slices.ContainsFunc(gateways, func(g gatewayv1.Gateway) bool { return g.Namespace == part[1] })
}

// outOfReach says why a Gateway cannot be read; "": it can.
func (r *Reader) outOfReach(gateway types.NamespacedName) string {
	if len(r.Namespaces) == 0 || slices.Contains(r.Namespaces, gateway.Namespace) {
		return ""
	}
	return fmt.Sprintf("Gateway %s, which spec.frontDoor.gatewayAPI.parentRefs names, is in a namespace that the operator does not look at; add it to --namespaces", gateway)
}
