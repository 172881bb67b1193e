package envtest

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
)

// can asks the API server whether somebody may do something: "verb resource[/subresource] [name] in namespace".
func can(ctx SpecContext, user string, groups []string, what string) bool {
	GinkgoHelper()
	part := strings.Fields(what)
	attributes := &authorizationv1.ResourceAttributes{Verb: part[0], Namespace: part[len(part)-1]}
	kind, subresource, _ := strings.Cut(part[1], "/")
	attributes.Resource, attributes.Subresource = kind, subresource
	attributes.Group = map[string]string{
		"shops": "shop.emporium.dev", "shopservices": "shop.emporium.dev", "shopreleases": "shop.emporium.dev", "deployments": "apps",
		"roles": "rbac.authorization.k8s.io", "networkpolicies": "networking.k8s.io", "leases": "coordination.k8s.io",
	}[kind]
	if len(part) == 5 {
		attributes.Name = part[2]
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user, Groups: groups, ResourceAttributes: attributes}}
	Expect(api.Create(ctx, review)).To(Succeed())
	return review.Status.Allowed
}

// installs applies folders of config as a user does.
func installs(folders ...string) {
	GinkgoHelper()
	for _, folder := range folders {
		owner("kubectl apply --server-side --force-conflicts -k ../../config/" + folder)
	}
}

// removes takes away what is for the whole cluster, which other tests must not meet.
func removes(folders ...string) {
	GinkgoHelper()
	for _, folder := range folders {
		owner("kubectl delete --wait=false --ignore-not-found -k ../../config/" + folder)
	}
}

const theOperator = "system:serviceaccount:emporium-system:emporium"

var _ = Describe("what config grants,", Ordered, func() {
	BeforeAll(func() {
		owner("kubectl kustomize ../../config/default")
		owner("kubectl kustomize ../../config/namespaced")
		installs("manager", "roles", "samples", "namespaced/acme")
		DeferCleanup(removes, "roles", "namespaced/acme")
	})

	DescribeTable("to the operator in its namespaced form: no more than its namespaces",
		func(ctx SpecContext, what string, allowed bool) {
			Expect(can(ctx, theOperator, nil, what)).To(Equal(allowed))
		},
		Entry("a stack where the shop is", "patch deployments in acme", true),
		Entry("its policies", "deletecollection networkpolicies in acme", true),
		Entry("copies", "get secrets in acme", true),
		Entry("a stack elsewhere", "patch deployments in default", false),
		Entry("Secrets elsewhere", "get secrets in default", false),
		Entry("Secrets of its own namespace", "get secrets in emporium-system", false),
		Entry("the spec of a Shop", "patch shops in acme", false),
		Entry("its Lease", "update leases emporium.shop.emporium.dev in emporium-system", true),
		Entry("another Lease there", "update leases other in emporium-system", false),
		Entry("quotas are watched, not read one by one", "get resourcequotas in acme", false),
	)

	It("to the operator: to watch every kind that it has a cache of", func(ctx SpecContext) {
		for _, list := range append(kinds(), &corev1.ResourceQuotaList{}, &corev1.PersistentVolumeClaimList{}) {
			gvk, err := api.GroupVersionKindFor(list)
			Expect(err).NotTo(HaveOccurred())
			gvk.Kind = strings.TrimSuffix(gvk.Kind, "List")
			mapping, err := api.RESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version)
			Expect(err).NotTo(HaveOccurred())
			for _, verb := range []string{"list", "watch"} {
				review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: theOperator, ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: verb, Namespace: "acme", Group: mapping.Resource.Group, Resource: mapping.Resource.Resource}}}
				Expect(api.Create(ctx, review)).To(Succeed())
				Expect(review.Status.Allowed).To(BeTrue(), "%s %s", verb, mapping.Resource)
			}
		}
	})

	It("to the operator in its usual form: every namespace", func(ctx SpecContext) {
		Expect(can(ctx, theOperator, nil, "patch deployments in default")).To(BeFalse())
		installs("rbac")
		DeferCleanup(removes, "rbac")
		Eventually(func() bool { return can(ctx, theOperator, nil, "patch deployments in default") }).Should(BeTrue())
		Expect(can(ctx, theOperator, nil, "update shops/finalizers in default")).To(BeTrue())
		Expect(can(ctx, theOperator, nil, "update shopreleases/finalizers in default")).To(BeFalse())
		Expect(can(ctx, theOperator, nil, "update shops in default")).To(BeFalse())
	})

	DescribeTable("to a team: its own service",
		func(ctx SpecContext, what string, allowed bool) {
			Expect(can(ctx, "eve", []string{"acme:cart"}, what)).To(Equal(allowed))
		},
		Entry("change it", "patch shopservices cart in acme", true),
		Entry("apply it", "update shopservices cart in acme", true),
		Entry("see the others", "list shopservices in acme", true),
		Entry("see how far a release is", "get shops acme in acme", true),
		Entry("change another's", "patch shopservices catalog in acme", false),
		Entry("remove it: that is a release", "delete shopservices cart in acme", false),
		Entry("create one", "create shopservices in acme", false),
		Entry("approve, or go back", "patch shops acme in acme", false),
		Entry("read a Secret", "get secrets cart-db in acme", false),
		Entry("grant itself one", "patch secrets payments in acme", false),
		Entry("run a pod", "create pods in acme", false),
		Entry("delete history", "delete shopreleases in acme", false),
	)
})
