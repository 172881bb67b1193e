package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/gateway"
	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// The shop behind the Gateway.
const (
	plaza        = "plaza"
	plazaHost    = "plaza.example"
	plazaPreview = "preview.plaza.example"
)

const plazaManifest = `apiVersion: v1
kind: Namespace
metadata: {name: plaza, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: Shop
metadata: {name: plaza, namespace: plaza}
spec:
  frontDoor:
    type: GatewayAPI
    gatewayAPI:
      parentRefs: [{name: public}]
      hostnames: [plaza.example]
      previewHostnames: [preview.plaza.example]
  release: {settle: 1s, promotion: %[2]s, active: %[3]q}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: front, namespace: plaza}
spec: {shop: plaza, image: "emporium.local/tiny:1", routes: [{path: /, allowedServices: [back]}], dependsOn: [back], replicas: 2, env: [{name: BUILD, value: %[1]q}], resources: {requests: {cpu: 10m, memory: 16Mi}}}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: back, namespace: plaza}
spec: {shop: plaza, image: "emporium.local/tiny:1", routes: [{path: /api/back}], replicas: 2, env: [{name: BUILD, value: %[1]q}], resources: {requests: {cpu: 10m, memory: 16Mi}}}
`

// square is the Gateway, and what the specs do with the shop behind it.
type square struct {
	api client.WithWatch
	// host is the address of this machine that pods reach: the API server's.
	host string
	port int
}

// buildSquare installs the Gateway API's CRDs and starts a Gateway: HAProxy on this machine, and a controller for it.
func buildSquare(ctx SpecContext) square {
	GinkgoHelper()
	Expect(here.Install(ctx, "haproxy")).To(Succeed())
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	Expect(err).NotTo(HaveOccurred())
	_, err = here.Kubectl(ctx, "apply", "--server-side", "-f", filepath.Join(strings.TrimSpace(string(dir)), "config", "crd", "standard"))
	Expect(err).NotTo(HaveOccurred())
	Expect(here.Operator(ctx, flags...)).To(Succeed(), "the operator looks for the Gateway API when it starts")
	Expect(here.Images(ctx, "1", "tiny")).To(Succeed())
	config, err := clientcmd.BuildConfigFromFlags("", here.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	scheme := runtime.NewScheme()
	Expect(gatewayv1.Install(scheme)).To(Succeed())
	api, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	server, err := url.Parse(config.Host)
	Expect(err).NotTo(HaveOccurred())
	return square{api, server.Hostname(), freePort(server.Hostname())}
}

func freePort(host string) int {
	GinkgoHelper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	Expect(err).NotTo(HaveOccurred())
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (q square) address() string { return net.JoinHostPort(q.host, strconv.Itoa(q.port)) }

// open starts the proxy and lets it follow the routes in the shop's namespace.
func (q square) open(ctx SpecContext) {
	GinkgoHelper()
	p, err := gateway.StartHAProxy(ctx, q.address())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(p.Stop)
	p.Resolve = func(ctx context.Context, service string) (string, error) {
		ip, err := here.Kubectl(ctx, "-n", plaza, "get", "service", service, "-o", "jsonpath={.spec.clusterIP}:{.spec.ports[0].port}")
		return strings.TrimSpace(ip), err
	}
	end, err := gateway.Follower{Client: q.api, Namespace: plaza, Proxy: p, Failed: func(err error) {
		defer GinkgoRecover()
		Fail(err.Error())
	}}.Follow()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(end)
	g := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Name: "public", Namespace: plaza}, Spec: gatewayv1.GatewaySpec{
		GatewayClassName: "test", Listeners: []gatewayv1.Listener{{Name: "web", Protocol: gatewayv1.HTTPProtocolType, Port: gatewayv1.PortNumber(q.port)}},
	}}
	Expect(q.api.Create(ctx, g)).To(Succeed())
	g.Status.Addresses = []gatewayv1.GatewayStatusAddress{{Value: q.host}}
	Expect(q.api.Status().Update(ctx, g)).To(Succeed())
}

// wants applies the shop: a build of its services, how it is promoted and what is pinned.
func (q square) wants(ctx SpecContext, build, promotion, pin string) {
	GinkgoHelper()
	Expect(here.Apply(ctx, fmt.Sprintf(plazaManifest, build, promotion, pin))).To(Succeed())
}

func (q square) says(ctx SpecContext, status string) stage.Row {
	GinkgoHelper()
	var row stage.Row
	Eventually(func() (string, error) {
		var err error
		row, err = here.Row(ctx, plaza, plaza)
		return row.Status, err
	}).Should(Equal(status))
	return row
}

// moved waits for the confirmed switch to a release.
func (q square) moved(ctx SpecContext, to string) load.Switch {
	GinkgoHelper()
	var last v1alpha1.SwitchRecord
	Eventually(func(g Gomega) {
		text, err := here.Kubectl(ctx, "-n", plaza, "get", "shop", plaza, "-o", "jsonpath={.status.lastSwitch}")
		g.Expect(err).NotTo(HaveOccurred())
		last = v1alpha1.SwitchRecord{}
		g.Expect(json.Unmarshal([]byte(text), &last)).To(Succeed())
		g.Expect(last.To).To(Equal(to))
		g.Expect(last.ConfirmedAt).NotTo(BeNil())
	}).Should(Succeed())
	AddReportEntry("milliseconds to the confirmed switch to "+to, *last.ConfirmMillis)
	return stage.Seen(last)
}

// answers returns who answers at a host name of the Gateway.
func (q square) answers(ctx SpecContext, host string) string {
	GinkgoHelper()
	answer, err := gateway.Ask(ctx, "http://"+q.address()+"/api/back", host)
	Expect(err).NotTo(HaveOccurred())
	return answer
}

var _ = Describe("A front door of type GatewayAPI", Label("release", "gateway"), func() {
	It("is switched, tried at the preview's host name, and switched back, through a Gateway that follows the route", func(ctx SpecContext) {
		if here.Foreign {
			Skip("left out: the proxy runs on this machine, where only the pods of hack/cluster reach it")
		}
		q := buildSquare(ctx)
		DeferCleanup(func(ctx SpecContext) {
			_, err := here.Kubectl(ctx, "delete", "namespace", plaza, "--ignore-not-found", "--timeout=180s")
			Expect(err).NotTo(HaveOccurred())
		})
		q.wants(ctx, "1", "Automatic", "")
		q.open(ctx)
		home := q.says(ctx, "Serving").Active
		Expect(q.answers(ctx, plazaHost)).To(Equal(home))
		Expect(q.answers(ctx, plazaPreview)).To(Equal("404"), "there is no candidate")
		generator, err := load.Start(ctx, load.Options{Rate: 50, Target: load.Target{URL: "http://" + q.address(), Host: plazaHost, Paths: []string{"/", "/api/back"}}})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { generator.Stop() })

		q.wants(ctx, "2", "Manual", "")
		candidate := q.says(ctx, "AwaitingPromotion").Candidate
		Eventually(func() string { return q.answers(ctx, plazaPreview) }).Should(Equal(candidate))
		Expect(q.answers(ctx, plazaHost)).To(Equal(home))
		q.wants(ctx, "2", "Manual", candidate)
		there := q.moved(ctx, candidate)
		q.wants(ctx, "1", "Automatic", "")
		back := q.moved(ctx, home)
		Consistently(func() string { return q.answers(ctx, plazaHost) }, 2*time.Second).Should(Equal(home))

		res := load.Analyse(generator.Stop(), []load.Switch{there, back})
		AddReportEntry("load", fmt.Sprintf("%+v", res))
		Expect(res.Requests).To(BeNumerically(">", 100))
		Expect([]int{res.Failed, res.MixedRequests, res.StaleAfterConfirm}).To(Equal([]int{0, 0, 0}), "failed, mixed, stale: %v", res.Examples)
		Expect(res.MixedWindowMillis).To(BeNumerically("<=", 100))
	})
})
