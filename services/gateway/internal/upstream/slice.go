package upstream

import (
	"net"
	"slices"
	"strconv"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// slice is what is read of an EndpointSlice; the rest of the object is dropped,
// so that memory grows with pods and not with what is written about them.
type slice struct {
	ready []pod
	// serving holds pods that are being terminated and still answer.
	serving []pod
}

// pod is one address of a pod. A pod of a dual-stack Service stands in a slice of each
// family, and is one pod all the same: it has one load, and refuses once.
type pod struct{ uid, address string }

func serviceOf(s *discoveryv1.EndpointSlice) string { return s.Labels[discoveryv1.LabelServiceName] }

func read(s *discoveryv1.EndpointSlice) (out slice) {
	port, ok := httpPort(s)
	if !ok || s.AddressType == discoveryv1.AddressTypeFQDN {
		return out
	}
	for _, e := range s.Endpoints {
		// Unset means true for both, says the API.
		ready := e.Conditions.Ready == nil || *e.Conditions.Ready
		serving := e.Conditions.Serving == nil || *e.Conditions.Serving
		for _, address := range e.Addresses[:min(1, len(e.Addresses))] {
			switch target := podOf(e, net.JoinHostPort(address, port)); {
			case ready:
				out.ready = append(out.ready, target)
			case serving && e.Conditions.Serving != nil:
				out.serving = append(out.serving, target)
			}
		}
	}
	return out
}

func podOf(e discoveryv1.Endpoint, address string) pod {
	if e.TargetRef == nil || e.TargetRef.UID == "" {
		return pod{address, address}
	}
	return pod{string(e.TargetRef.UID), address}
}

func httpPort(s *discoveryv1.EndpointSlice) (string, bool) {
	for _, p := range s.Ports {
		if p.Port != nil && deref(p.Name) == frontdoor.PortName {
			return strconv.Itoa(int(*p.Port)), true
		}
	}
	return "", false
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// addressesOf returns the addresses to ask: the ready pods, or, while there are
// none, those that still answer while they are being terminated. A pod can
// stand in two slices for a moment; it is asked once.
func addressesOf(all map[string]slice) (addresses []string) {
	var ready, serving []pod
	for _, s := range all {
		ready = append(ready, s.ready...)
		serving = append(serving, s.serving...)
	}
	if len(ready) == 0 {
		ready = serving
	}
	byPod := map[string]string{}
	for _, p := range ready {
		// The lower address is the one of IPv4, since "[" of IPv6 comes after digits.
		if known, ok := byPod[p.uid]; !ok || p.address < known {
			byPod[p.uid] = p.address
		}
	}
	for _, address := range byPod {
		addresses = append(addresses, address)
	}
	slices.Sort(addresses)
	return slices.Compact(addresses)
}
