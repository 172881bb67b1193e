package release

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func routing(service string, routes ...v1alpha1.Route) v1alpha1.ShopService {
	return serviceNamed(service, func(s *v1alpha1.ShopServiceSpec) { s.Routes = routes })
}

func at(path string, allowed ...string) v1alpha1.Route {
	return v1alpha1.Route{Path: path, AllowedServices: allowed}
}

// patching is the command that a sentence ends in; add is the last operation, but for its verb.
func patching(service string, route int, path, add string) string {
	return fmt.Sprintf(`kubectl -n acme patch shopservice %s --type=json -p '[{"op":"test","path":"/spec/routes/%d/path","value":%q},{"op":"add","path":"/spec/routes/%d/%s}]'`,
		service, route, path, route, add)
}

// TestPathsBelow: whose path loses requests to another's must have said yes.
func TestPathsBelow(t *testing.T) {
	below := func(where, outer string) string {
		return fmt.Sprintf("%s lies below %s, which does not allow the service; its owner allows it with: ", where, outer)
	}
	for name, c := range map[string]struct {
		services []v1alpha1.ShopService
		serving  *v1alpha1.ShopReleaseSpec
		want     []Problem
	}{
		"paths beside each other need nothing":       {services: []v1alpha1.ShopService{routing("a", at("/api/cart")), routing("b", at("/api/cartoon"))}},
		"one's own path may lie below another's own": {services: []v1alpha1.ShopService{routing("a", at("/api/cart"), at("/api/cart/checkout"))}},
		"a path below / of another service is refused": {
			services: []v1alpha1.ShopService{routing("a", at("/")), routing("b", at("/b"), at("/checkout/pay"))},
			want: []Problem{
				{"b", below("ShopService b: spec.routes[0] /b", "/ of ShopService a") + patching("a", 0, "/", `allowedServices","value":["b"]`)},
				{"b", below("ShopService b: spec.routes[1] /checkout/pay", "/ of ShopService a") + patching("a", 0, "/", `allowedServices","value":["b"]`)},
			}},
		"a path below that of another service is refused": {
			services: []v1alpha1.ShopService{routing("a", at("/a"), at("/api")), routing("b", at("/api/cart/7"))},
			want:     []Problem{{"b", below("ShopService b: spec.routes[0] /api/cart/7", "/api of ShopService a") + patching("a", 1, "/api", `allowedServices","value":["b"]`)}}},
		"a route that names the service grants it": {services: []v1alpha1.ShopService{routing("a", at("/", "b")), routing("b", at("/b"))}},
		"a route that names * grants everybody":    {services: []v1alpha1.ShopService{routing("a", at("/", "*")), routing("b", at("/b")), routing("c", at("/c"))}},
		"who is allowed already stays allowed by the command": {
			services: []v1alpha1.ShopService{routing("a", at("/", "b")), routing("b", at("/b")), routing("c", at("/c"))},
			want:     []Problem{{"c", below("ShopService c: spec.routes[0] /c", "/ of ShopService a") + patching("a", 0, "/", `allowedServices/-","value":"c"`)}}},
		"a path that two services hold is told once, as such": {services: []v1alpha1.ShopService{routing("a", at("/")), routing("b", at("/api")), routing("c", at("/api"))}},
		"the nearest path above decides, not the first":       {services: []v1alpha1.ShopService{routing("a", at("/", "b")), routing("b", at("/shop", "c")), routing("c", at("/shop/sale"))}},
		"who is allowed at / is not allowed everywhere": {
			services: []v1alpha1.ShopService{routing("a", at("/", "*")), routing("b", at("/shop")), routing("c", at("/shop/sale"))},
			want:     []Problem{{"c", below("ShopService c: spec.routes[0] /shop/sale", "/shop of ShopService b") + patching("b", 0, "/shop", `allowedServices","value":["c"]`)}}},
		"who puts a path above one that serves has to allow it": {
			services: []v1alpha1.ShopService{routing("a", at("/api/cart")), routing("b", at("/api"))},
			serving:  &v1alpha1.ShopReleaseSpec{Services: []v1alpha1.ReleaseService{{Name: "a", ServiceTemplate: v1alpha1.ServiceTemplate{Routes: []v1alpha1.Route{at("/api/cart")}}}}},
			want: []Problem{{"b", "ShopService b: spec.routes[0] /api lies above /api/cart of ShopService a, which serves already; allow it with: " +
				patching("b", 0, "/api", `allowedServices","value":["a"]`)}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, pathsBelow("acme", c.services, c.serving)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
