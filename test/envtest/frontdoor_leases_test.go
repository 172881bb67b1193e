package envtest

import (
	"context"
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/resources"
)

// replica returns the client of a pod of the front door: with a token that the kubelet would mount there; pod "": one that
// somebody asked the API for.
func (s story) replica(ctx context.Context, pod string) client.Client {
	GinkgoHelper()
	request := &authenticationv1.TokenRequest{}
	if pod != "" {
		request.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod, UID: get(ctx, s, pod, &corev1.Pod{}).UID}
	}
	account := get(ctx, s, resources.FrontDoorName(s.shop), &corev1.ServiceAccount{})
	Expect(api.SubResource("token").Create(ctx, account, request)).To(Succeed())
	config := rest.AnonymousClientConfig(serverConfig)
	config.BearerToken = request.Status.Token
	c, err := client.New(config, client.Options{Scheme: api.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// reports writes a Lease as a replica does: a patch, and where there is none a create.
func (s story) reports(ctx context.Context, as client.Client, name string) error {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.ns}}
	err := as.Patch(ctx, lease, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"forged":"yes"}}}`)))
	if !apierrors.IsNotFound(err) {
		return err
	}
	return as.Create(ctx, lease)
}

var _ = It("a replica of the front door writes the Lease of its own pod alone", func(ctx SpecContext) {
	s := story{ns: namespace(ctx), shop: "bazaar"}
	_, err := os.Stat("../../config/admission")
	Expect(err).NotTo(HaveOccurred())
	owner("kubectl apply --server-side -k ../../config/admission")
	DeferCleanup(func() { owner("kubectl delete -k ../../config/admission") })
	s.create(ctx, bazaar(), plain("a", "/a"))
	s.rest(ctx)
	s.open(ctx)
	first, other := "bazaar-front-door-1", "bazaar-front-door-2"
	for _, name := range []string{first, other} {
		pod := get(ctx, s, "replica", &corev1.Pod{})
		s.create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: pod.Labels}, Spec: pod.Spec})
	}
	mine, theirs := s.replica(ctx, first), s.replica(ctx, other)
	Expect(s.reports(ctx, theirs, other)).To(Succeed())

	By("waiting until the API server knows the policy")
	refused := func(err error) bool { return apierrors.IsForbidden(err) }
	Eventually(func() error { return s.reports(ctx, mine, other) }).WithTimeout(30 * time.Second).Should(Satisfy(refused))
	Expect(s.reports(ctx, mine, other)).To(MatchError(ContainSubstring("a front door writes the Lease of its own pod alone")))

	Expect(s.reports(ctx, mine, first)).To(Succeed(), "it creates its own")
	Expect(s.reports(ctx, mine, first)).To(Succeed(), "and renews it")
	Expect(s.reports(ctx, theirs, first)).To(Satisfy(refused))
	Expect(s.reports(ctx, mine, "somebodys")).To(Satisfy(refused), "a Lease that has nothing to do with shops")
	Expect(s.reports(ctx, s.replica(ctx, ""), first)).To(Satisfy(refused), "a token that is no pod's")
	Expect(s.reports(ctx, api, "somebodys")).To(Succeed(), "nobody else is judged")
})
