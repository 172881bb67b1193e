package envtest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/probe"
	"github.com/emporium-shop/emporium/test/gateway"
)

var (
	// watching reads as a Gateway controller does.
	watching client.WithWatch
	// serverConfig is how to reach the API server.
	serverConfig *rest.Config
)

// installGatewayAPI installs the CRDs of the very version that the operator is built with. Before, it shows that the
// operator starts where they are not installed.
func installGatewayAPI(config *rest.Config, scheme *runtime.Scheme) {
	GinkgoHelper()
	serverConfig = config
	Expect(controllers.ServesGatewayAPI(config)).To(BeFalse())
	startsWithoutIt(config, scheme)
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	Expect(err).NotTo(HaveOccurred())
	_, err = envtest.InstallCRDs(config, envtest.CRDInstallOptions{
		Paths: []string{filepath.Join(strings.TrimSpace(string(dir)), "config", "crd", "standard")}, ErrorIfPathMissing: true,
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(controllers.ServesGatewayAPI(config)).To(BeTrue())
	watching, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
}

// startsWithoutIt starts the operator with its watches, and ends it when all of them are there.
func startsWithoutIt(config *rest.Config, scheme *runtime.Scheme) {
	GinkgoHelper()
	end := run(config, scheme, false)
	end()
}

// runs lets an operator with its watches care for the namespace until the test ends.
func (s story) runs(_ SpecContext) {
	GinkgoHelper()
	DeferCleanup(run(serverConfig, api.Scheme(), true, s.ns))
}

// run starts an operator, and returns how to end it.
func run(config *rest.Config, scheme *runtime.Scheme, gatewayAPI bool, namespaces ...string) func() {
	GinkgoHelper()
	caches := controllers.Within(controllers.CacheOptions(), namespaces)
	if gatewayAPI {
		controllers.HoldRoutes(&caches)
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Cache: caches, Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: ctrlconfig.Controller{SkipNameValidation: ptr.To(true)}, // one process runs several here
	})
	Expect(err).NotTo(HaveOccurred())
	r, theirs := operatorOf(mgr, prometheus.NewRegistry(), namespaces...)
	r.Reader.GatewayAPI, r.Now = gatewayAPI, time.Now
	r.Reader.Prober = &probe.Prober{Asker: probe.HTTP{Anywhere: true}, Now: time.Now}
	ctx, stop := context.WithCancel(context.Background())
	Expect(r.Setup(ctx, mgr, theirs)).To(Succeed())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	Expect(mgr.GetCache().WaitForCacheSync(ctx)).To(BeTrue())
	return func() {
		stop()
		Eventually(ended).Should(Receive(BeNil()))
	}
}

// proxy is a Gateway of the cluster: a real reverse proxy that watches the HTTPRoutes of a namespace, follows them, and
// says so in their status. Like a real one it says so when it has taken a route up, and its traffic may follow later.
type proxy struct {
	server *httptest.Server
	stop   func()

	mu sync.Mutex
	// lags: routes are taken up, the traffic does not follow.
	lags bool
	// refuses: routes are not accepted.
	refuses bool
	// taken and followed hold the backend of each host name, as told and as traffic goes.
	taken, followed map[string]string
	// stacks are the servers behind the Services, by name.
	stacks map[string]*httptest.Server
}

func (s story) openGateway(ctx context.Context) *proxy {
	GinkgoHelper()
	p := &proxy{taken: map[string]string{}, followed: map[string]string{}, stacks: map[string]*httptest.Server{}}
	p.server = httptest.NewServer(p.handler())
	host, port, err := net.SplitHostPort(p.server.Listener.Addr().String())
	Expect(err).NotTo(HaveOccurred())
	n, err := strconv.Atoi(port)
	Expect(err).NotTo(HaveOccurred())
	g := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Name: "public"}, Spec: gatewayv1.GatewaySpec{
		GatewayClassName: "test", Listeners: []gatewayv1.Listener{{Name: "web", Protocol: gatewayv1.HTTPProtocolType, Port: gatewayv1.PortNumber(n)}},
	}}
	s.create(ctx, g)
	g.Status.Addresses = []gatewayv1.GatewayStatusAddress{{Value: host}}
	Expect(api.Status().Update(ctx, g)).To(Succeed())
	p.stop, err = gateway.Follower{Client: watching, Namespace: s.ns, Proxy: p, Failed: func(err error) {
		defer GinkgoRecover()
		Fail(err.Error())
	}}.Follow()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(p.close)
	return p
}

func (p *proxy) close() {
	p.stop()
	p.server.Close()
	for _, s := range p.stacks {
		s.Close()
	}
}

// Send takes a route up: its traffic follows now, or when the proxy stops lagging.
func (p *proxy) Send(_ context.Context, host, backend string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[host] = backend
	p.catchUp()
	return nil
}

// Drop lets a host go nowhere.
func (p *proxy) Drop(_ context.Context, host string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.taken, host)
	p.catchUp()
	return nil
}

// Refuses tells whether routes are not accepted.
func (p *proxy) Refuses() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refuses
}

func (p *proxy) catchUp() {
	if p.lags {
		return
	}
	p.followed = map[string]string{}
	for h, backend := range p.taken {
		p.followed[h] = backend
	}
}

// handler sends each request to the stack whose gateway the route of its host names.
func (p *proxy) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		backend, routed := p.followed[r.Host]
		stack := p.stacks[backend]
		p.mu.Unlock()
		switch {
		case !routed:
			http.Error(w, "no route", http.StatusNotFound)
		case stack == nil:
			http.Error(w, "no backend", http.StatusInternalServerError)
		default:
			to, _ := url.Parse(stack.URL) // a server's own
			httputil.NewSingleHostReverseProxy(to).ServeHTTP(w, r)
		}
	})
}

// stack starts the server that stands for the gateway of a release.
func (p *proxy) stack(service, release string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stacks[service] == nil {
		p.stacks[service] = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(frontdoor.HeaderRelease, release)
		}))
	}
}

// lag makes the traffic stay where it is, or catch up.
func (p *proxy) lag(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lags = on
	p.catchUp()
}

// refuse makes the proxy accept no route from now on.
func (p *proxy) refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = true
}

// ask asks as a customer who uses the host name.
func (p *proxy) ask(ctx context.Context, host string) string {
	GinkgoHelper()
	answer, err := gateway.Ask(ctx, p.server.URL, host)
	Expect(err).NotTo(HaveOccurred())
	return answer
}
