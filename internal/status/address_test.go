package status

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestAddress(t *testing.T) {
	balanced := func(ingress ...corev1.LoadBalancerIngress) *corev1.Service {
		s := &corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}}
		s.Status.LoadBalancer.Ingress = ingress
		return s
	}
	for name, c := range map[string]struct {
		entrance *corev1.Service
		port     int32
		want     string
	}{
		"a front door that is not there yet has its name":          {nil, 80, "http://acme.shops.svc"},
		"within the cluster, another port is named":                {&corev1.Service{}, 8080, "http://acme.shops.svc:8080"},
		"a load balancer without an address is not there yet":      {balanced(), 80, "http://acme.shops.svc"},
		"a load balancer's name comes before its address":          {balanced(corev1.LoadBalancerIngress{IP: "203.0.113.7", Hostname: "lb.example"}), 80, "http://lb.example"},
		"a load balancer's address":                                {balanced(corev1.LoadBalancerIngress{IP: "203.0.113.7"}), 8080, "http://203.0.113.7:8080"},
		"an IPv6 address is in brackets":                           {balanced(corev1.LoadBalancerIngress{IP: "2001:db8::7"}), 80, "http://[2001:db8::7]"},
		"an IPv6 address is in brackets, also with a port":         {balanced(corev1.LoadBalancerIngress{IP: "2001:db8::7"}), 81, "http://[2001:db8::7]:81"},
		"what a balancer of before left does not count, ClusterIP": {&corev1.Service{Status: balanced(corev1.LoadBalancerIngress{IP: "203.0.113.7"}).Status}, 80, "http://acme.shops.svc"},
	} {
		shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "shops"}}
		shop.Spec.FrontDoor.Managed.Service.Port = c.port
		if got := address(shop, c.entrance); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
