package e2e

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/stage"
)

// corner is a second, small shop. It has the name of the sample shop, in another namespace: whoever forgets the namespace
// meets the wrong one.
const corner = "corner"

const cornerNamespace = `
apiVersion: v1
kind: Namespace
metadata: {name: corner, labels: {pod-security.kubernetes.io/enforce: restricted}}
`

const cornerShop = `
apiVersion: v1
kind: Secret
metadata: {name: catalog-db, namespace: corner, annotations: {shop.emporium.dev/allowed-services: catalog}}
stringData: {DATABASE_URL: 'postgres://catalog:sample-catalog@postgres.acme:5432/shop?sslmode=disable'}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: Shop
metadata: {name: acme, namespace: corner}
spec:
  frontDoor: {managed: {replicas: 1}}
  release: {settle: 0s}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: catalog, namespace: corner}
spec:
  shop: acme
  image: emporium.local/catalog:1
  routes: [{path: /api/catalog}]
  replicas: 1
  envFrom: [{secretRef: {name: catalog-db}}]
  resources: {requests: {cpu: 20m, memory: 32Mi}}
`

// openCorner makes the namespace, which goes when the spec ends.
func openCorner(ctx SpecContext) {
	GinkgoHelper()
	Expect(here.Apply(ctx, cornerNamespace)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		_, err := here.Kubectl(ctx, "delete", "namespace", corner, "--timeout=180s")
		Expect(err).NotTo(HaveOccurred())
	})
}

// cornerSays waits until `kubectl get shop -o wide` prints this for the second shop.
func cornerSays(ctx SpecContext, ready, status string, message any) {
	GinkgoHelper()
	Eventually(func() (stage.Row, error) { return here.Row(ctx, corner, "acme") }).Should(
		And(HaveField("Ready", ready), HaveField("Status", status), HaveField("Message", message)))
}

// labelled are the objects in a namespace that carry the label of the shop acme, of every kind that the API server has.
func labelled(ctx SpecContext, namespace string) []string {
	GinkgoHelper()
	out, err := here.Kubectl(ctx, "api-resources", "--namespaced", "--verbs=list", "-o", "name")
	Expect(err).NotTo(HaveOccurred())
	var kinds []string
	for _, kind := range strings.Fields(out) {
		if !strings.HasSuffix(kind, ".metrics.k8s.io") { // measurements, which come later than the pods that they tell of
			kinds = append(kinds, kind)
		}
	}
	out, err = here.Kubectl(ctx, "-n", namespace, "get", strings.Join(kinds, ","), "-l", "shop.emporium.dev/shop=acme", "-o", "name", "--ignore-not-found")
	Expect(err).NotTo(HaveOccurred())
	return strings.Fields(out)
}

// state is what the operator keeps for the sample shop: names, identities and generations.
func state(ctx SpecContext) string {
	GinkgoHelper()
	out, err := here.Kubectl(ctx, "-n", stage.Shop, "get", "deployments,services,configmaps,secrets,serviceaccounts,roles,rolebindings,hpa,pdb,shoprel,shop,shopsvc",
		"-o", `jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.generation}{"\n"}{end}`)
	Expect(err).NotTo(HaveOccurred())
	return out
}
