package envtest

import (
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// standstill keeps what is written in a namespace from the API server, as if that did not answer, until it is over.
type standstill struct {
	next      http.RoundTripper
	namespace string
	once      sync.Once
	// begun is closed when the first request waits.
	begun, over chan struct{}
}

func (s *standstill) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/namespaces/"+s.namespace+"/") {
		s.once.Do(func() { close(s.begun) })
		select {
		case <-s.over:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return s.next.RoundTrip(r)
}

// Of two releases the operator has made the passes by hand; the one that runs has one worker.
var _ = It("a shop goes back at once, and stands still when it is paused, while all workers are within other shops' passes", func(ctx SpecContext) {
	s, other := story{ns: namespace(ctx), shop: "bazaar"}, story{ns: namespace(ctx), shop: "slow"}
	s.create(ctx, mail(), bazaar(), catalog(), cart())
	s.rest(ctx)
	s.open(ctx)
	first := s.release(ctx)
	change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) { svc.Spec.Image = "catalog:2" })
	second := s.release(ctx)
	Expect(second).NotTo(Equal(first))

	still := &standstill{namespace: other.ns, begun: make(chan struct{}), over: make(chan struct{})}
	config := rest.CopyConfig(serverConfig)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { still.next = next; return still })
	DeferCleanup(run(config, api.Scheme(), true, s.ns, other.ns))
	DeferCleanup(func() { close(still.over) })
	slow := bazaar()
	slow.Name = other.shop
	other.create(ctx, slow)
	Eventually(still.begun).WithTimeout(30 * time.Second).Should(BeClosed())

	set := func(how func(*v1alpha1.Shop)) { // beside an operator that writes the status
		Eventually(func() error {
			shop := s.live(ctx)
			how(shop)
			return api.Update(ctx, shop)
		}).Should(Succeed())
	}
	set(func(shop *v1alpha1.Shop) { shop.Spec.Release.Active = first })
	Eventually(func() string { return s.table(ctx).Active }).Should(Equal(first))
	set(func(shop *v1alpha1.Shop) { shop.Spec.Paused = true })
	Eventually(func() string { return s.ready(ctx).Reason }).Should(Equal(string(v1alpha1.ReasonPaused)))
})
