package main

import (
	"fmt"
	"strings"
)

// shopName is short: it begins the names of releases.
const shopName = "factory"

// settle is how long a release waits for more. Short, as the demo shows what a commit takes.
const settle = "1s"

// shopManifest is a shop whose services come from sources. A commit is released at once: the window in which one goes back without
// a new stack is short, since newer content waits for its end.
const shopManifest = `apiVersion: shop.emporium.dev/v1alpha1
kind: Shop
metadata: {name: ` + shopName + `, namespace: ` + namespace + `}
spec:
  release: {settle: ` + settle + `, rollbackWindow: 2s}
  builds:
    slots: 1
    cache: 8Gi
    registries:
    - {host: docker.io, mirrors: [%[1]q]}
    - {host: %[1]q, plainHTTP: true}
`

const sourceManifest = `---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopSource
metadata: {name: %[1]s, namespace: ` + namespace + `}
spec:
  git: {url: %[2]q}
  image: %[3]s/%[1]s
  interval: 2s
---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: %[1]s, namespace: ` + namespace + `}
spec:
  shop: ` + shopName + `
  imageFrom: {source: %[1]s}
  metricsPort: 8080
  replicas: 1
  resources: {requests: {cpu: 5m, memory: 16Mi}, limits: {memory: 128Mi}}
  %[4]s
`

// places are what differs between the services.
var places = map[string]string{
	"offers":   "routes: [{path: /api/offers}]",
	"wishlist": "routes: [{path: /api/wishlist}]",
	"pages":    "dependsOn: [offers, wishlist]\n  routes: [{path: /, allowedServices: [offers, wishlist]}]",
}

// paths are what customers ask for.
var paths = []string{"/", "/api/offers", "/api/wishlist"}

// manifest is the shop with its sources.
func manifest(registry string) string {
	var b strings.Builder
	fmt.Fprintf(&b, shopManifest, registry)
	for _, name := range repositories {
		fmt.Fprintf(&b, sourceManifest, name, gitURL+name+".git", registry, places[name])
	}
	return b.String()
}
