// Package envtest asks a real kube-apiserver what only it can answer: whether the CRDs refuse what they should, who owns
// which field, and whether a pass of the operator that changes nothing writes nothing. No controller of Kubernetes runs,
// so every state is one that a test made. It runs when KUBEBUILDER_ASSETS is set: make envtest.
package envtest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/probe"
)

var (
	server *envtest.Environment
	// api reads and writes without a cache.
	api client.Client
	// cached is what the operator reads through, and sources its view of ConfigMaps and Secrets of others.
	cached  client.Client
	sources cache.Cache
	// operator is not run by the manager: tests make each of its passes.
	operator *controllers.ShopReconciler
	metrics  = prometheus.NewRegistry()
	// now is the operator's clock.
	now = time.Now().Truncate(time.Microsecond)
)

func TestEnvtest(t *testing.T) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip("left out: KUBEBUILDER_ASSETS does not name a kube-apiserver; run make envtest")
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(10 * time.Second)
	SetDefaultEventuallyPollingInterval(10 * time.Millisecond)
	RunSpecs(t, "Emporium on a real API server")
}

var _ = BeforeSuite(func() {
	ctrl.SetLogger(GinkgoLogr)
	server = &envtest.Environment{CRDDirectoryPaths: []string{"../../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	// Services of stacks stay while their pods do, and nobody plays pods here.
	server.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/16")
	config, err := server.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Stop)
	config.QPS, config.Burst = 500, 1000
	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	Expect(gatewayv1.Install(scheme)).To(Succeed())
	installGatewayAPI(config, scheme)
	api, err = client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	caches := controllers.CacheOptions()
	controllers.HoldRoutes(&caches)
	known, err := controllers.NewScheme() // of the operator itself: a kind that it lacks is missed here
	Expect(err).NotTo(HaveOccurred())
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: known, Cache: caches, Metrics: metricsserver.Options{BindAddress: "0"},
	})
	Expect(err).NotTo(HaveOccurred())
	cached = mgr.GetClient()
	operator, sources = operatorOf(mgr, metrics)
	operator.Reader.GatewayAPI = true
	Expect(observe.Index(context.Background(), mgr.GetFieldIndexer())).To(Succeed()) // as Setup does, which nobody calls here: passes are made by hand
	start(mgr)
})

// operatorOf joins the operator's parts as cmd/manager does.
func operatorOf(mgr ctrl.Manager, registry prometheus.Registerer, namespaces ...string) (*controllers.ShopReconciler, cache.Cache) {
	GinkgoHelper()
	options := controllers.Within(controllers.SourceCacheOptions(), namespaces)
	options.Scheme, options.Mapper = mgr.GetScheme(), mgr.GetRESTMapper()
	sources, err := cache.New(mgr.GetConfig(), options)
	Expect(err).NotTo(HaveOccurred())
	Expect(mgr.Add(sources)).To(Succeed())
	clock := func() time.Time { return now }
	m := controllers.NewMetrics(registry)
	return &controllers.ShopReconciler{
		Reader: &observe.Reader{
			Cache: mgr.GetClient(), Configs: &observe.Configs{Metadata: sources, Live: mgr.GetAPIReader(), Copies: mgr.GetClient()},
			Namespaces: namespaces, Prober: &probe.Prober{Asker: probe.HTTP{Anywhere: true}, Now: clock},
		},
		Writer:         &apply.Writer{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Writes: m.Writes, Now: clock},
		Metrics:        m,
		Recorder:       recorded,
		FrontDoorImage: "gateway:1",
		Now:            clock,
		Progress:       &controllers.Progress{Now: clock},
	}, sources
}

func start(mgr ctrl.Manager) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	DeferCleanup(func() {
		stop()
		Eventually(ended).Should(Receive(BeNil()))
	})
	Expect(mgr.GetCache().WaitForCacheSync(ctx)).To(BeTrue())
}

// writes is the number of writes of the operator so far.
func writes() float64 { return writesOf(metrics) }

func writesOf(operator prometheus.Gatherer) (n float64) {
	GinkgoHelper()
	families, err := operator.Gather()
	Expect(err).NotTo(HaveOccurred())
	for _, f := range families {
		if f.GetName() != "emporium_api_writes_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			n += m.GetCounter().GetValue()
		}
	}
	return n
}

var namespaces int

// unusedName returns the name of a namespace that no other test has.
func unusedName() string {
	namespaces++
	return fmt.Sprintf("test-%d", namespaces)
}
