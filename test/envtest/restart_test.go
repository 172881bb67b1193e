package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/observe"
)

// What a cache begins with comes another way than what it is told of later: client-go transforms it twice.
var _ = It("an operator that starts among stacks that are there writes nothing, in its first pass and in its second", func(ctx SpecContext) {
	s := story{ns: namespace(ctx), shop: "bazaar"}
	s.create(ctx, mail(), bazaar(), catalog(), cart())
	s.rest(ctx)
	s.open(ctx)
	s.start(ctx, get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Candidate.Release)
	s.rest(ctx)
	s.confirm(ctx)
	s.rest(ctx)

	caches := controllers.CacheOptions()
	controllers.HoldRoutes(&caches)
	known, err := controllers.NewScheme()
	Expect(err).NotTo(HaveOccurred())
	mgr, err := ctrl.NewManager(serverConfig, ctrl.Options{Scheme: known, Cache: caches, Metrics: metricsserver.Options{BindAddress: "0"}})
	Expect(err).NotTo(HaveOccurred())
	its := prometheus.NewRegistry()
	again, _ := operatorOf(mgr, its)
	again.Reader.GatewayAPI = true
	Expect(observe.Index(ctx, mgr.GetFieldIndexer())).To(Succeed())
	start(mgr)
	for range 2 {
		_, err := again.Reconcile(ctx, ctrl.Request{NamespacedName: s.key(s.shop)})
		Expect(err).NotTo(HaveOccurred())
		Expect(writesOf(its)).To(BeZero())
	}
})
