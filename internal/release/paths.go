package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// place is a route with where it stands.
type place struct {
	service string
	index   int
	v1alpha1.Route
}

// pathsBelow finds the paths that take requests from another service's path without its consent.
// The longest prefix wins, so the path right above is the one that loses them.
func pathsBelow(namespace string, services []v1alpha1.ShopService, serving *v1alpha1.ShopReleaseSpec) (out []Problem) {
	owners, twice := map[string]place{}, map[string]bool{}
	var all []place
	for i := range services {
		for j, r := range services[i].Spec.Routes {
			p := place{services[i].Name, j, r}
			all = append(all, p)
			_, taken := owners[r.Path]
			twice[r.Path] = taken
			owners[r.Path] = p
		}
	}
	for _, inner := range all {
		outer, below := above(owners, inner.Path)
		disputed := twice[inner.Path] // which findProblems tells: whose it is comes first
		if below && !disputed && outer.service != inner.service && !outer.allows(inner.service) {
			out = append(out, refusePath(namespace, outer, inner, serving))
		}
	}
	return out
}

// above returns the nearest path of which the given one is a part.
func above(owners map[string]place, path string) (place, bool) {
	for path != "/" {
		path = path[:strings.LastIndex(path, "/")]
		if path == "" {
			path = "/"
		}
		if owner, there := owners[path]; there {
			return owner, true
		}
	}
	return place{}, false
}

func (p place) allows(service string) bool {
	return slices.Contains(p.AllowedServices, service) || slices.Contains(p.AllowedServices, v1alpha1.EveryService)
}

// refusePath speaks to who came later: a path that serves already is not made wrong by
// somebody who puts one above it.
func refusePath(namespace string, outer, inner place, serving *v1alpha1.ShopReleaseSpec) Problem {
	if serves(serving, inner) && !serves(serving, outer) {
		return Problem{outer.service, fmt.Sprintf("ShopService %s: spec.routes[%d] %s lies above %s of ShopService %s, which serves already; allow it with: %s",
			outer.service, outer.index, outer.Path, inner.Path, inner.service, outer.allow(namespace, inner.service))}
	}
	return Problem{inner.service, fmt.Sprintf("ShopService %s: spec.routes[%d] %s lies below %s of ShopService %s, which does not allow the service; its owner allows it with: %s",
		inner.service, inner.index, inner.Path, outer.Path, outer.service, outer.allow(namespace, inner.service))}
}

func serves(rel *v1alpha1.ShopReleaseSpec, p place) bool {
	if rel == nil {
		return false
	}
	s := serviceOf(rel, p.service)
	return s != nil && slices.ContainsFunc(s.Routes, func(r v1alpha1.Route) bool { return r.Path == p.Path })
}

// allow returns the command that adds a service to those that a route allows. It fails where
// the routes have changed meanwhile.
func (p place) allow(namespace, service string) string {
	type op struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	at := fmt.Sprintf("/spec/routes/%d/", p.index)
	add := op{"add", at + "allowedServices", []string{service}}
	if len(p.AllowedServices) > 0 {
		add = op{"add", at + "allowedServices/-", service}
	}
	patch, _ := json.Marshal([]op{{"test", at + "path", p.Path}, add}) // strings: it cannot fail
	return fmt.Sprintf("kubectl -n %s patch shopservice %s --type=json -p '%s'", namespace, p.service, patch)
}

// withoutGrants leaves out of a snapshot what says who may, not what runs.
func withoutGrants(routes []v1alpha1.Route) []v1alpha1.Route {
	for i := range routes {
		routes[i].AllowedServices = nil
	}
	return routes
}
