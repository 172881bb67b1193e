package e2e

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/stage"
)

// listed returns the names of the objects of a kind that a selector finds, in the sample shop's namespace.
func listed(ctx SpecContext, kind, selector string) []string {
	GinkgoHelper()
	out, err := here.Kubectl(ctx, "-n", stage.Shop, "get", kind, "-l", selector, "-o", "name")
	Expect(err).NotTo(HaveOccurred())
	return strings.Fields(out)
}

// pods are those of the services whose number is fixed, in every stack: an autoscaler may start some for reasons of its own.
func pods(ctx SpecContext) []string {
	GinkgoHelper()
	found := listed(ctx, "pods", "shop.emporium.dev/shop=acme,shop.emporium.dev/release,shop.emporium.dev/service in (cart,catalog)")
	Expect(found).NotTo(BeEmpty())
	return found
}

func deployments(ctx SpecContext, release string) []string {
	GinkgoHelper()
	return listed(ctx, "deployments", "shop.emporium.dev/shop=acme,shop.emporium.dev/release="+release)
}

// gone waits until nothing of a release's stack is left but its snapshot.
func gone(ctx SpecContext, release string) {
	GinkgoHelper()
	Eventually(func() []string { return deployments(ctx, release) }).Should(BeEmpty())
}

// field reads one field of an object of the sample shop's namespace.
func field(ctx SpecContext, object, path string) string {
	GinkgoHelper()
	out, err := here.Kubectl(ctx, "-n", stage.Shop, "get", object, "-o", "jsonpath={"+path+"}")
	Expect(err).NotTo(HaveOccurred())
	return out
}
