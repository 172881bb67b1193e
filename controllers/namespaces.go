package controllers

import "sigs.k8s.io/controller-runtime/pkg/cache"

// Within keeps a cache within namespaces; none: every one.
func Within(o cache.Options, namespaces []string) cache.Options {
	for _, name := range namespaces {
		if o.DefaultNamespaces == nil {
			o.DefaultNamespaces = map[string]cache.Config{}
		}
		o.DefaultNamespaces[name] = cache.Config{}
	}
	return o
}
