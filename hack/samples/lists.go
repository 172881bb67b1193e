package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/services"
)

const folder = "config/samples"

// lists are all that is generated.
func lists(checkout string, all []services.Service) ([]list, error) {
	files, err := filepath.Glob(filepath.Join(checkout, folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	resources := list{file: folder + "/kustomization.yaml", key: "resources", items: []string{filepath.Base(serviceKeys)}} // which may not be there yet
	for _, file := range files {
		if name := filepath.Base(file); name != "kustomization.yaml" && !slices.Contains(resources.items, name) {
			resources.items = append(resources.items, name)
		}
	}
	slices.Sort(resources.items)
	secrets := list{file: folder + "/postgres-roles.yaml", key: "sources"}
	for _, s := range services.OfTheSample(all) {
		resources.items = append(resources.items, "../../"+s.Folder+"/shop")
	}
	// Roles and grants are there for all: a Secret that is missing makes no role, and whoever is no sample may be applied by hand.
	for _, s := range all {
		for _, name := range s.Databases() {
			secrets.items = append(secrets.items, fmt.Sprintf("secret: {name: %[1]s, optional: true, items: [{key: DATABASE_URL, path: %[1]s/DATABASE_URL}]}", name))
		}
	}
	return append([]list{resources, secrets}, grants(all)...), nil
}

// route is a path with the service that has it.
type route struct {
	v1alpha1.Route
	service services.Service
}

// grants are the lists of those who may have a path below another one's: the nearest above is the one that loses requests.
func grants(all []services.Service) (out []list) {
	var routes []route
	for _, s := range all {
		for _, r := range s.Manifest().Spec.Routes {
			routes = append(routes, route{r, s})
		}
	}
	for _, outer := range routes {
		var names []string
		for _, inner := range routes {
			if above(routes, inner) == outer.Path && inner.service.Name != outer.service.Name && !slices.Contains(names, inner.service.Name) {
				names = append(names, inner.service.Name)
			}
		}
		slices.Sort(names)
		out = append(out, list{outer.service.Folder + "/shop/service.yaml", "allowedServices", names, outer.AllowedServices})
	}
	return out
}

// above is the longest path that a path is a part of, by whole segments; empty when there is none.
func above(routes []route, inner route) (longest string) {
	for _, r := range routes {
		prefix := strings.TrimSuffix(r.Path, "/") + "/"
		if r.Path != inner.Path && strings.HasPrefix(inner.Path, prefix) && len(r.Path) > len(longest) {
			longest = r.Path
		}
	}
	return longest
}
