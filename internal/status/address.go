package status

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// address says where customers reach a Managed front door: at its load balancer once that has an address, else at the
// name within the cluster. At which addresses nodes offer a NodePort is not known here.
func address(shop *v1alpha1.Shop, entrance *corev1.Service) string {
	port := shop.Spec.FrontDoor.Managed.Service.Port
	host := fmt.Sprintf("%s.%s.svc", shop.Name, shop.Namespace)
	if balancer := balancerOf(entrance); balancer != "" {
		host = balancer
	}
	if port == 0 {
		port = 80
	}
	return "http://" + strings.TrimSuffix(net.JoinHostPort(host, strconv.Itoa(int(port))), ":80")
}

func balancerOf(entrance *corev1.Service) string {
	if entrance == nil || entrance.Spec.Type != corev1.ServiceTypeLoadBalancer {
		return ""
	}
	for _, in := range entrance.Status.LoadBalancer.Ingress {
		if in.Hostname != "" {
			return in.Hostname
		}
		if in.IP != "" {
			return in.IP
		}
	}
	return ""
}
