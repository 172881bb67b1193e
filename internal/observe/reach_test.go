package observe

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestTheProbeAsksOnlyWhereTheShopsGatewaysAre(t *testing.T) {
	for address, want := range map[string]bool{
		"10.0.0.1:80":                           true,
		"[fd00::1]:80":                          true,
		"gateway.infra.svc:80":                  true,
		"gateway.infra.svc.cluster.local:80":    true,
		"gateway.shops.svc:8080":                true,
		"10.0.0.2:80":                           false,
		"169.254.169.254:80":                    false,
		"kubernetes.default.svc:443":            false,
		"gateway.infra.svc.attacker.example:80": false,
		"metadata.internal:80":                  false,
		"localhost:8080":                        false,
		"infra.svc:80":                          false,
		"a.b.infra.svc:80":                      false,
		"gateway.other.svc:80":                  false,
	} {
		shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme"}}
		shop.Spec.FrontDoor.GatewayAPI = &v1alpha1.GatewayAPIFrontDoor{ProbeAddress: address}
		gateways := []gatewayv1.Gateway{*publicGateway("10.0.0.1", "fd00::1")}
		got := (&Reader{}).forbidden(shop, gateways)
		if (got == "") != want {
			t.Errorf("%s is asked: %t, want %t", address, got == "", want)
		}
		if !want && !strings.Contains(got, "names "+address) {
			t.Errorf("the sentence does not name the address: %s", got)
		}
		if got := (&Reader{ProbeAnywhere: true}).forbidden(shop, gateways); got != "" {
			t.Errorf("%s with --probe-anywhere: %s", address, got)
		}
	}
}

func TestAGatewayOutsideOfTheNamespacesIsTold(t *testing.T) {
	r := reading(t)
	r.Namespaces = []string{"shops"}
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme"}}
	shop.Spec.FrontDoor.GatewayAPI = &v1alpha1.GatewayAPIFrontDoor{ParentRefs: []v1alpha1.GatewayReference{{Name: "public", Namespace: "infra"}}}
	got, err := r.entrances(t.Context(), shop)
	if want := "Gateway infra/public, which spec.frontDoor.gatewayAPI.parentRefs names, is in a namespace that the operator does not look at; add it to --namespaces"; err != nil || got.unknown != want {
		t.Errorf("got %q, %v; want %q", got.unknown, err, want)
	}
	if said := r.outOfReach(types.NamespacedName{Namespace: "shops", Name: "public"}); said != "" {
		t.Error(said)
	}
}
