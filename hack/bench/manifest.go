package main

import (
	"fmt"
	"strings"
)

const (
	name     = "bench"
	services = 20
	replicas = 2
)

// shopManifest is a shop of its own, in a namespace of its own.
const shopManifest = `apiVersion: v1
kind: Namespace
metadata: {name: bench, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: Shop
metadata: {name: bench, namespace: bench}
spec: {release: {settle: 2s, rollbackWindow: 20s}}
`

const serviceManifest = `---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: %[1]s, namespace: bench}
spec:
  shop: bench
  image: emporium.local/tiny:1
  routes: [{path: /%[1]s}]
  replicas: %[2]d
  env: [{name: BUILD, value: %[3]q}]
  resources: {requests: {cpu: 1m, memory: 16Mi}, limits: {memory: 64Mi}}
`

// secretManifest is the Secret of one service, which nobody else may use.
const secretManifest = `---
apiVersion: v1
kind: Secret
metadata: {name: %[1]s, namespace: bench, annotations: {shop.emporium.dev/allowed-services: %[1]s}}
stringData: {TOKEN: not-a-secret}
`

// manifest is the shop with services of a build: another build changes every one of them.
func manifest(build string, secrets bool) string {
	var b strings.Builder
	b.WriteString(shopManifest)
	for i := range services {
		if secrets {
			fmt.Fprintf(&b, secretManifest, service(i))
		}
		fmt.Fprintf(&b, serviceManifest, service(i), replicas, build)
		if secrets {
			fmt.Fprintf(&b, "  envFrom: [{secretRef: {name: %s}}]\n", service(i))
		}
	}
	return b.String()
}

func service(i int) string { return fmt.Sprintf("s%02d", i+1) }

func paths() (out []string) {
	for i := range services {
		out = append(out, "/"+service(i))
	}
	return out
}
