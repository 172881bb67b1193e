package upstream

import (
	"slices"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func ptr[T any](v T) *T { return &v }

var (
	isReady       = discoveryv1.EndpointConditions{Ready: ptr(true), Serving: ptr(true)}
	isTerminating = discoveryv1.EndpointConditions{Ready: ptr(false), Serving: ptr(true), Terminating: ptr(true)}
	isDown        = discoveryv1.EndpointConditions{Ready: ptr(false), Serving: ptr(false)}
)

func endpointSlice(name, service string, pods map[string]discoveryv1.EndpointConditions) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: service}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: ptr("metrics"), Port: ptr(int32(9090))}, {Name: ptr("http"), Port: ptr(int32(8080))}},
	}
	for address, conditions := range pods {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Addresses: []string{address}, Conditions: conditions})
	}
	return s
}

func addresses(d *Directory, service string) (all []string) {
	if p := d.Pool(service); p != nil {
		for _, e := range *p.endpoints.Load() {
			all = append(all, e.Address)
		}
	}
	return all
}

func wantAddresses(t *testing.T, d *Directory, service string, want ...string) {
	t.Helper()
	if got := addresses(d, service); !slices.Equal(got, want) {
		t.Errorf("%s has %v, want %v", service, got, want)
	}
}

func TestDirectoryFollowsSlices(t *testing.T) {
	d := NewDirectory(time.Now)
	type pods = map[string]discoveryv1.EndpointConditions
	d.Replace([]*discoveryv1.EndpointSlice{
		endpointSlice("cart-1", "cart", pods{"10.0.0.1": isReady, "10.0.0.2": isDown, "10.0.0.3": isTerminating}),
		endpointSlice("cart-2", "cart", pods{"10.0.0.4": {}, "10.0.0.1": isReady}),
		endpointSlice("web-1", "web", pods{"10.0.1.1": isReady}),
	})
	wantAddresses(t, d, "cart", "10.0.0.1:8080", "10.0.0.4:8080")
	wantAddresses(t, d, "web", "10.0.1.1:8080")
	wantAddresses(t, d, "unknown")

	kept := d.Pool("cart").Pick(nil)
	d.Set(endpointSlice("cart-1", "cart", pods{"10.0.0.5": isReady}))
	wantAddresses(t, d, "cart", "10.0.0.1:8080", "10.0.0.4:8080", "10.0.0.5:8080")
	if !slices.Contains(*d.Pool("cart").endpoints.Load(), kept) {
		t.Error("a pod that stayed lost its counts")
	}

	d.Delete(endpointSlice("cart-2", "cart", nil))
	wantAddresses(t, d, "cart", "10.0.0.5:8080")
	d.Delete(endpointSlice("cart-1", "cart", nil))
	wantAddresses(t, d, "cart")

	// A new list no longer names web: it is forgotten.
	d.Replace([]*discoveryv1.EndpointSlice{endpointSlice("cart-9", "cart", pods{"10.0.0.9": isReady})})
	wantAddresses(t, d, "cart", "10.0.0.9:8080")
	wantAddresses(t, d, "web")
}

func TestTerminatingPodsAnswerWhileNobodyElseDoes(t *testing.T) {
	d := NewDirectory(time.Now)
	type pods = map[string]discoveryv1.EndpointConditions
	d.Set(endpointSlice("s", "web", pods{"10.0.0.1": isTerminating, "10.0.0.2": isDown}))
	wantAddresses(t, d, "web", "10.0.0.1:8080")
	d.Set(endpointSlice("s", "web", pods{"10.0.0.1": isTerminating, "10.0.0.3": isReady}))
	wantAddresses(t, d, "web", "10.0.0.3:8080")
}

func TestOnlyThePortNamedHTTPCounts(t *testing.T) {
	d := NewDirectory(time.Now)
	s := endpointSlice("s", "web", map[string]discoveryv1.EndpointConditions{"10.0.0.1": isReady})
	s.Ports = s.Ports[:1]
	d.Set(s)
	wantAddresses(t, d, "web")
}
