package envtest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/probe"
	"github.com/emporium-shop/emporium/internal/resources"
)

const (
	customers = "bazaar.example"
	testers   = "next.bazaar.example"
)

// atGateway is a shop that customers reach at the Gateway public.
func atGateway(change ...func(*v1alpha1.Shop)) *v1alpha1.Shop {
	shop := bazaar()
	shop.Spec.Release.RollbackWindow = lasting(0)
	shop.Spec.FrontDoor = v1alpha1.FrontDoor{
		Type: v1alpha1.FrontDoorGatewayAPI, Managed: v1alpha1.ManagedFrontDoor{Replicas: 3},
		GatewayAPI: &v1alpha1.GatewayAPIFrontDoor{
			ParentRefs: []v1alpha1.GatewayReference{{Name: "public", SectionName: "web"}},
			Hostnames:  []string{customers}, PreviewHostnames: []string{testers},
		},
	}
	for _, c := range change {
		c(shop)
	}
	return shop
}

func manually(s *v1alpha1.Shop) { s.Spec.Release.Promotion = v1alpha1.PromotionManual }

// until makes passes until what is expected holds. While a switch is not confirmed the operator
// asks to be woken, so nothing is waited for that would not come by itself.
func (s story) until(ctx SpecContext, holds func(Gomega)) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		Expect(s.pass(ctx)).To(Succeed())
		holds(g)
	}).Should(Succeed())
}

func (s story) candidate(ctx SpecContext) string {
	GinkgoHelper()
	c := get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Candidate
	Expect(c).NotTo(BeNil())
	return c.Release
}

func (s story) gatewayOf(ctx SpecContext, release string) string {
	GinkgoHelper()
	return resources.PinnedName(get(ctx, s, release, &v1alpha1.ShopRelease{}))
}

// up plays Kubernetes: the stack has its pods, and its gateway answers.
func (s story) up(ctx SpecContext, p *proxy, release string) {
	GinkgoHelper()
	p.stack(s.gatewayOf(ctx, release), release)
	s.start(ctx, release)
}

func (s story) route(ctx SpecContext) *gatewayv1.HTTPRoute {
	GinkgoHelper()
	return get(ctx, s, s.shop, &gatewayv1.HTTPRoute{})
}

func (s story) named(ctx SpecContext) frontdoor.Named {
	GinkgoHelper()
	n, err := frontdoor.DecodeNamed(s.route(ctx).Annotations[v1alpha1.AnnotationSwitch])
	Expect(err).NotTo(HaveOccurred())
	return n
}

// ship changes the catalog, and returns the release that comes of it.
func (s story) ship(ctx SpecContext, image string) string {
	GinkgoHelper()
	change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(o *v1alpha1.ShopService) { o.Spec.Image = image })
	s.rest(ctx)
	return s.candidate(ctx)
}

func (s story) serves(ctx SpecContext, release string) {
	GinkgoHelper()
	s.until(ctx, func(g Gomega) {
		if s.ready(ctx).Reason == "RollbackWindow" {
			now = now.Add(10 * time.Second) // the requests in the stack before end
		}
		g.Expect(s.ready(ctx)).To(And(HaveField("Status", metav1.ConditionTrue), HaveField("Reason", "Serving")))
		g.Expect(s.named(ctx).Active).To(Equal(release))
	})
}

// counted plays a replica of a stack's gateway that reports what it counted since the switch.
func (s story) counted(ctx SpecContext, release string, c frontdoor.Counts) {
	GinkgoHelper()
	template := get(ctx, s, s.gatewayOf(ctx, release), &appsv1.Deployment{}).Spec.Template
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "gateway-of-" + release, Labels: template.Labels}, Spec: template.Spec}
	at := s.table(ctx).Switch.At
	s.create(ctx, pod, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
		Name: pod.Name, Annotations: frontdoor.Report{Switch: at, AppliedAt: at, Counts: &c}.Annotations(),
		Labels: map[string]string{
			frontdoor.LabelShop: s.shop, frontdoor.LabelComponent: frontdoor.ComponentFrontDoor, resources.LabelManagedBy: resources.ManagedBy,
		},
	}})
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	Expect(api.Status().Update(ctx, pod)).To(Succeed())
}

func routeWrites() float64 {
	GinkgoHelper()
	families, err := metrics.Gather()
	Expect(err).NotTo(HaveOccurred())
	var n float64
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "emporium_api_writes_total" && l.GetName() == "kind" && l.GetValue() == "HTTPRoute" {
					n += m.GetCounter().GetValue()
				}
			}
		}
	}
	return n
}

// owners lists who owns a field of the spec.
func owners(o client.Object, field string) (out []string) {
	GinkgoHelper()
	for _, e := range o.GetManagedFields() {
		var fields struct {
			Spec map[string]any `json:"f:spec"`
		}
		b, err := json.Marshal(e.FieldsV1)
		Expect(err).NotTo(HaveOccurred())
		Expect(json.Unmarshal(b, &fields)).To(Succeed())
		if _, owns := fields.Spec["f:"+field]; owns {
			out = append(out, e.Manager)
		}
	}
	return out
}

var _ = Describe("a shop at a Gateway", func() {
	var s story
	var p *proxy
	var first string

	create := func(ctx SpecContext, shop *v1alpha1.Shop) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		p = s.openGateway(ctx)
		s.create(ctx, mail(), shop, catalog(), cart())
		s.rest(ctx)
		first = s.candidate(ctx)
	}

	It("has a gateway in each stack and none of its own, and no route before it can serve", func(ctx SpecContext) {
		create(ctx, atGateway())
		for _, o := range []client.Object{
			&gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Name: "bazaar"}}, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "bazaar"}},
			&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "bazaar-preview"}}, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "bazaar-front-door"}},
		} {
			Expect(apierrors.IsNotFound(api.Get(ctx, s.key(o.GetName()), o))).To(BeTrue(), "%T %s", o, o.GetName())
		}
		Expect(s.table(ctx)).To(And(HaveField("Active", ""), HaveField("Releases", ConsistOf(HaveField("Name", first)))))
		name := s.gatewayOf(ctx, first)
		d := get(ctx, s, name, &appsv1.Deployment{})
		Expect(d.Spec.Replicas).To(HaveValue(BeEquivalentTo(3)))
		Expect(d.Spec.Template.Spec.Containers[0].Env).To(ContainElement(corev1.EnvVar{Name: "PINNED_RELEASE", Value: first}))
		shop := get(ctx, s, "bazaar", &v1alpha1.Shop{})
		for _, o := range []client.Object{d, get(ctx, s, name, &corev1.Service{}), get(ctx, s, name, &policyv1.PodDisruptionBudget{})} {
			Expect(metav1.IsControlledBy(o, shop)).To(BeTrue(), "%T", o)
			Expect(o.GetLabels()).To(And(HaveKeyWithValue(frontdoor.LabelRelease, first), HaveKeyWithValue(frontdoor.LabelService, "front-door")))
		}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: name, Labels: d.Spec.Template.Labels}, Spec: d.Spec.Template.Spec}
		Expect(api.Create(ctx, pod, client.DryRunAll)).To(Succeed())

		By("waiting for the gateway as for every service")
		_, message := s.says(ctx)
		Expect(message).To(ContainSubstring("0 of 3 services ready; waiting for cart, catalog, front-door"))
	})

	It("has a route of one rule with one backend, which is the operator's alone", func(ctx SpecContext) {
		create(ctx, atGateway())
		s.up(ctx, p, first)
		s.serves(ctx, first)
		route := s.route(ctx)
		Expect(route.Spec.Rules).To(HaveLen(1))
		Expect(route.Spec.Rules[0].BackendRefs).To(ConsistOf(And(
			HaveField("Name", gatewayv1.ObjectName(s.gatewayOf(ctx, first))), HaveField("Port", HaveValue(BeEquivalentTo(80))))))
		Expect(route.Spec.Hostnames).To(ConsistOf(gatewayv1.Hostname(customers)))
		Expect(route.Spec.ParentRefs).To(ConsistOf(And(HaveField("Name", gatewayv1.ObjectName("public")), HaveField("SectionName", HaveValue(BeEquivalentTo("web"))))))
		Expect(metav1.IsControlledBy(route, get(ctx, s, "bazaar", &v1alpha1.Shop{}))).To(BeTrue())
		Expect(route.Labels).To(And(HaveKeyWithValue(frontdoor.LabelShop, "bazaar"), HaveKeyWithValue(resources.LabelManagedBy, resources.ManagedBy)))
		Expect(owners(route, "rules")).To(ConsistOf(resources.FieldManager))
		Expect(s.named(ctx)).To(And(HaveField("Active", first), HaveField("Switch.At", BeTemporally("==", now)), HaveField("Switch.From", "")))
		Expect(p.ask(ctx, customers)).To(Equal(first))

		status := get(ctx, s, "bazaar", &v1alpha1.Shop{}).Status
		Expect(status.Address).To(HavePrefix("http://" + customers))
		Expect(status.LastSwitch.ConfirmedAt).NotTo(BeNil())
		Expect(s.table(ctx)).To(And(HaveField("Active", first), HaveField("Switch.At", BeTemporally("==", now))))

		By("not being written when nothing changes")
		before := writes()
		for range 3 {
			now = now.Add(time.Minute)
			Expect(s.pass(ctx)).To(Succeed())
		}
		Expect(writes()).To(Equal(before))
	})

	It("is switched with one write, and is confirmed when the traffic follows, not when the status says so", func(ctx SpecContext) {
		create(ctx, atGateway())
		s.up(ctx, p, first)
		s.serves(ctx, first)
		second := s.ship(ctx, "catalog:2")
		before := routeWrites()
		p.lag(true)
		s.up(ctx, p, second)
		s.until(ctx, func(g Gomega) {
			now = now.Add(500 * time.Millisecond) // how far it got is written now and then
			route := s.route(ctx)
			g.Expect(s.named(ctx).Active).To(Equal(second))
			g.Expect(route.Status.Parents[0].Conditions[0].ObservedGeneration).To(Equal(route.Generation))
			_, message := s.says(ctx)
			g.Expect(message).To(ContainSubstring("still answers from release " + first))
		})
		Expect(routeWrites()-before).To(BeEquivalentTo(1), "the switch is one write")

		By("keeping the stack that customers still reach, although there is no rollback window")
		Expect(p.ask(ctx, customers)).To(Equal(first))
		now = now.Add(time.Hour)
		s.rest(ctx)
		Expect(s.ready(ctx)).To(HaveField("Reason", "Switching"))
		get(ctx, s, s.gatewayOf(ctx, first), &corev1.Service{})
		Expect(s.deployments(ctx, first)).To(HaveLen(3))

		By("following, and confirming it")
		p.lag(false)
		s.serves(ctx, second)
		Expect(p.ask(ctx, customers)).To(Equal(second))
		s.rest(ctx)
		Expect(s.deployments(ctx, first)).To(BeEmpty())
		Expect(apierrors.IsNotFound(api.Get(ctx, s.key(s.gatewayOf(ctx, first)), &corev1.Service{}))).To(BeTrue())
		Expect(s.table(ctx)).To(And(HaveField("Active", second), HaveField("Switch.From", first), HaveField("Releases", HaveLen(1))))
		Expect(routeWrites()-before).To(BeEquivalentTo(1), "nor is it written later")
	})

	It("is not switched by a decision that was made on an older route", func(ctx SpecContext) {
		create(ctx, atGateway())
		s.up(ctx, p, first)
		s.serves(ctx, first)
		second := s.ship(ctx, "catalog:2")
		s.up(ctx, p, second)
		Eventually(func(g Gomega) {
			world, err := operator.Reader.Read(ctx, get(ctx, s, "bazaar", &v1alpha1.Shop{}))
			g.Expect(err).NotTo(HaveOccurred())
			d := plan.Plan(world.Observed, now)
			g.Expect(d.Table.Switching).To(BeTrue(), d.Message)
			change(ctx, s, "bazaar", &gatewayv1.HTTPRoute{}, func(r *gatewayv1.HTTPRoute) { r.Labels["team"] = "edge" })
			desired, err := resources.Render(resources.Input{Shop: world.Shop, Decision: &d, Releases: world.Releases, Live: world.Live, FrontDoorImage: "gateway:1"})
			Expect(err).NotTo(HaveOccurred())
			routed, err := operator.Writer.Do(ctx, world, &d, desired, operator.Reader.Configs)
			Expect(routed).To(BeFalse())
			Expect(apierrors.IsConflict(err)).To(BeTrue())
		}).Should(Succeed())
		Expect(s.named(ctx).Active).To(Equal(first))
		s.serves(ctx, second)
	})

	It("shows a candidate under the names of the preview while it waits for its promotion", func(ctx SpecContext) {
		create(ctx, atGateway(manually))
		s.up(ctx, p, first)
		s.serves(ctx, first)
		Expect(p.ask(ctx, testers)).To(Equal("404"))
		second := s.ship(ctx, "catalog:2")
		Expect(p.ask(ctx, testers)).To(Equal("404"), "it is not ready")
		s.up(ctx, p, second)
		s.rest(ctx)
		Expect(s.ready(ctx)).To(HaveField("Reason", "AwaitingPromotion"))
		Eventually(func() string { return p.ask(ctx, testers) }).Should(Equal(second))
		Expect(p.ask(ctx, customers)).To(Equal(first))
		preview := get(ctx, s, "bazaar-preview", &gatewayv1.HTTPRoute{})
		Expect(preview.Spec.Rules[0].BackendRefs[0].Name).To(BeEquivalentTo(s.gatewayOf(ctx, second)))
		Expect(get(ctx, s, "bazaar", &v1alpha1.Shop{}).Status.PreviewAddress).To(HavePrefix("http://" + testers))

		change(ctx, s, "bazaar", &v1alpha1.Shop{}, func(o *v1alpha1.Shop) { o.Spec.Release.Active = second })
		s.until(ctx, func(g Gomega) { g.Expect(s.named(ctx).Active).To(Equal(second)) })
		Expect(apierrors.IsNotFound(api.Get(ctx, s.key("bazaar-preview"), &gatewayv1.HTTPRoute{}))).To(BeTrue())
		s.serves(ctx, second)
		Expect(get(ctx, s, "bazaar", &v1alpha1.Shop{}).Status.PreviewAddress).To(BeEmpty())
	})

	It("gets its route back as it was, when somebody damages it", func(ctx SpecContext) {
		create(ctx, atGateway(manually))
		s.up(ctx, p, first)
		s.serves(ctx, first)
		second := s.ship(ctx, "catalog:2")
		s.up(ctx, p, second)
		s.rest(ctx)
		Expect(s.ready(ctx)).To(HaveField("Reason", "AwaitingPromotion"))
		was := s.named(ctx)
		for name, damage := range map[string]func(){
			"deleted": func() { Expect(api.Delete(ctx, s.route(ctx))).To(Succeed()) },
			"without labels": func() {
				change(ctx, s, "bazaar", &gatewayv1.HTTPRoute{}, func(r *gatewayv1.HTTPRoute) { r.Labels = nil })
			},
			"without annotations": func() {
				change(ctx, s, "bazaar", &gatewayv1.HTTPRoute{}, func(r *gatewayv1.HTTPRoute) { r.Annotations = nil })
			},
			"without an owner": func() {
				change(ctx, s, "bazaar", &gatewayv1.HTTPRoute{}, func(r *gatewayv1.HTTPRoute) { r.OwnerReferences = nil })
			},
			"with another backend": func() {
				change(ctx, s, "bazaar", &gatewayv1.HTTPRoute{}, func(r *gatewayv1.HTTPRoute) {
					r.Spec.Rules[0].BackendRefs[0].Name = gatewayv1.ObjectName(s.gatewayOf(ctx, second))
				})
			},
		} {
			By(name)
			damage()
			s.until(ctx, func(g Gomega) {
				route := &gatewayv1.HTTPRoute{}
				g.Expect(api.Get(ctx, s.key("bazaar"), route)).To(Succeed())
				g.Expect(route.Labels).To(HaveKeyWithValue(frontdoor.LabelShop, "bazaar"))
				g.Expect(metav1.IsControlledBy(route, get(ctx, s, "bazaar", &v1alpha1.Shop{}))).To(BeTrue())
				g.Expect(observe.Backends(route)).To(ConsistOf(s.gatewayOf(ctx, first)))
				n, err := frontdoor.DecodeNamed(route.Annotations[v1alpha1.AnnotationSwitch])
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(n).To(Equal(was))
				g.Expect(s.ready(ctx)).To(HaveField("Reason", "AwaitingPromotion"))
			})
			Expect(s.deployments(ctx, first)).To(HaveLen(3))
		}
	})

	It("keeps its gateway when the record of what serves is deleted, also where it may not be written again", func(ctx SpecContext) {
		create(ctx, atGateway())
		s.up(ctx, p, first)
		s.serves(ctx, first)
		replicas := func() *int32 { return get(ctx, s, s.gatewayOf(ctx, first), &appsv1.Deployment{}).Spec.Replicas }
		gateway := s.gatewayOf(ctx, first)
		lose := func() { Expect(api.Delete(ctx, get(ctx, s, first, &v1alpha1.ShopRelease{}))).To(Succeed()) }
		lose()
		s.until(ctx, func(g Gomega) { g.Expect(api.Get(ctx, s.key(first), &v1alpha1.ShopRelease{})).To(Succeed()) })
		s.rest(ctx)
		Expect(replicas()).To(HaveValue(BeEquivalentTo(3)))

		quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "no-records"}}
		quota.Spec.Hard = corev1.ResourceList{"count/shopreleases.shop.emporium.dev": resource.MustParse("0")}
		s.create(ctx, quota)
		quota.Status.Hard, quota.Status.Used = quota.Spec.Hard, corev1.ResourceList{"count/shopreleases.shop.emporium.dev": resource.MustParse("1")}
		Expect(api.Status().Update(ctx, quota)).To(Succeed())
		lose()
		for range 3 {
			s.seen(ctx)
			_ = s.pass(ctx) // it tells that the record is refused
			Expect(get(ctx, s, gateway, &appsv1.Deployment{}).Spec.Replicas).To(HaveValue(BeEquivalentTo(3)))
		}
		Expect(p.ask(ctx, customers)).To(Equal(first))
	})

	It("loses the autoscaler that a service of what serves asks for no more", func(ctx SpecContext) {
		create(ctx, atGateway())
		s.up(ctx, p, first)
		s.serves(ctx, first)
		scaler := strings.Replace(first, "bazaar-", "bazaar-cart-", 1)
		get(ctx, s, scaler, &autoscalingv2.HorizontalPodAutoscaler{})
		change(ctx, s, "cart", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) {
			svc.Spec.Autoscaling, svc.Spec.Replicas = nil, ptr.To[int32](2)
		})
		s.rest(ctx)
		s.start(ctx, first)
		s.rest(ctx)
		Expect(apierrors.IsNotFound(api.Get(ctx, s.key(scaler), &autoscalingv2.HorizontalPodAutoscaler{}))).To(BeTrue())
		Expect(s.ready(ctx)).To(HaveField("Reason", "Serving"))
		Expect(s.deployments(ctx, first)).To(HaveLen(3))
	})

	It("is switched though the record of what serves was lost while no operator ran", func(ctx SpecContext) {
		create(ctx, atGateway())
		s.up(ctx, p, first)
		s.serves(ctx, first)
		Expect(api.Delete(ctx, get(ctx, s, first, &v1alpha1.ShopRelease{}))).To(Succeed())
		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) { svc.Spec.Image = "catalog:2" })
		was := operator
		operator = &controllers.ShopReconciler{ // one that remembers nothing
			Reader: was.Reader, Writer: was.Writer, Metrics: was.Metrics, Recorder: was.Recorder, FrontDoorImage: was.FrontDoorImage, Now: was.Now, Progress: was.Progress,
		}
		DeferCleanup(func() { operator = was })
		s.rest(ctx)
		second := s.candidate(ctx)
		Expect(second).NotTo(Equal(first))
		s.up(ctx, p, second)
		s.until(ctx, func(g Gomega) { g.Expect(s.named(ctx).Active).To(Equal(second)) })
		Expect(p.ask(ctx, customers)).To(Equal(second))
	})

	It("does not follow a route that somebody put back from a backup", func(ctx SpecContext) {
		create(ctx, atGateway())
		s.up(ctx, p, first)
		s.serves(ctx, first)
		backup := s.route(ctx)
		second := s.ship(ctx, "catalog:2")
		s.up(ctx, p, second)
		s.serves(ctx, second)
		change(ctx, s, "cart", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) { svc.Spec.DependsOn = []string{"nobody"} }) // another team errs
		s.rest(ctx)
		change(ctx, s, "bazaar", &gatewayv1.HTTPRoute{}, func(r *gatewayv1.HTTPRoute) {
			r.Annotations, r.Spec = maps.Clone(backup.Annotations), *backup.Spec.DeepCopy()
		})
		s.until(ctx, func(g Gomega) { g.Expect(observe.Backends(s.route(ctx))).To(ConsistOf(s.gatewayOf(ctx, second))) })
		Expect(s.named(ctx).Active).To(Equal(second))
		Expect(s.deployments(ctx, second)).To(HaveLen(3))
	})

	It("stays confirmed when the operator is started anew, also where its status was deleted", func(ctx SpecContext) {
		create(ctx, atGateway())
		s.up(ctx, p, first)
		s.serves(ctx, first)
		restart := func() {
			operator.Reader.Prober = &probe.Prober{Asker: probe.HTTP{Anywhere: true}, Now: func() time.Time { return now }}
		}
		before := writes()
		restart()
		s.rest(ctx)
		Expect(writes()).To(Equal(before))
		restart()
		change(ctx, s, "bazaar", &v1alpha1.Shop{}, func(o *v1alpha1.Shop) { o.Labels = map[string]string{"seen": "true"} })
		shop := get(ctx, s, "bazaar", &v1alpha1.Shop{})
		shop.Status = v1alpha1.ShopStatus{}
		Expect(api.Status().Update(ctx, shop)).To(Succeed())
		s.serves(ctx, first)
	})

	It("is not available while the Gateway refuses its route, and says so", func(ctx SpecContext) {
		create(ctx, atGateway())
		p.refuse()
		s.up(ctx, p, first)
		s.until(ctx, func(g Gomega) {
			available := condition(get(ctx, s, "bazaar", &v1alpha1.Shop{}).Status.Conditions, v1alpha1.ConditionAvailable)
			g.Expect(available).To(And(HaveField("Status", metav1.ConditionFalse), HaveField("Message",
				"Gateway "+s.ns+"/public says of HTTPRoute bazaar: Accepted is False (NotAllowedByListeners)")))
		})
	})

	It("leaves a route of that name that is somebody else's as it is", func(ctx SpecContext) {
		create(ctx, atGateway())
		theirs := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Name: "bazaar"}}
		theirs.Spec.ParentRefs = []gatewayv1.ParentReference{{Name: "public"}}
		theirs.Spec.Hostnames = []gatewayv1.Hostname{"other.example"}
		theirs.Spec.Rules = []gatewayv1.HTTPRouteRule{{BackendRefs: []gatewayv1.HTTPBackendRef{{}}}}
		theirs.Spec.Rules[0].BackendRefs[0].Name, theirs.Spec.Rules[0].BackendRefs[0].Port = "other", new(gatewayv1.PortNumber)
		*theirs.Spec.Rules[0].BackendRefs[0].Port = 80
		s.create(ctx, theirs)
		s.up(ctx, p, first)
		Expect(s.pass(ctx)).To(Succeed())
		Expect(s.ready(ctx)).To(And(HaveField("Reason", "ForeignObject"), HaveField("Message", ContainSubstring("HTTPRoute bazaar exists and is not this shop's"))))
		Expect(observe.Backends(s.route(ctx))).To(ConsistOf("other"))
	})

	It("needs nobody but the operator and the Gateway: their watches wake it", func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		p = s.openGateway(ctx)
		s.runs(ctx)
		s.create(ctx, mail(), atGateway(), catalog(), cart())
		Eventually(func(g Gomega) {
			shop := get(ctx, s, "bazaar", &v1alpha1.Shop{})
			g.Expect(shop.Status.Candidate).NotTo(BeNil())
			first = shop.Status.Candidate.Release
			g.Expect(s.deployments(ctx, first)).To(HaveLen(3))
		}).Should(Succeed())
		s.up(ctx, p, first)
		Eventually(func() metav1.Condition { return s.ready(ctx) }).Should(And(HaveField("Status", metav1.ConditionTrue), HaveField("Reason", "Serving")))
		Expect(p.ask(ctx, customers)).To(Equal(first))
	})

	It("is told the way out where the cluster does not serve the Gateway API, and nothing is written", func(ctx SpecContext) {
		operator.Reader.GatewayAPI = false
		DeferCleanup(func() { operator.Reader.GatewayAPI = true })
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), atGateway(), catalog(), cart())
		s.rest(ctx)
		Expect(s.ready(ctx)).To(And(HaveField("Status", metav1.ConditionFalse), HaveField("Reason", "FrontDoorUnavailable"), HaveField("Message",
			"spec.frontDoor.type is GatewayAPI, but the cluster did not serve gateway.networking.k8s.io/v1 when the operator started: "+
				"install the Gateway API CRDs and restart the operator, or create the shop with type Managed")))
		Expect(has(get(ctx, s, "bazaar", &v1alpha1.Shop{}).Status.Conditions, v1alpha1.ConditionStalled)).To(BeTrue())
		Expect(s.releases(ctx)).To(BeEmpty())
	})

	It("is checked at the candidate's own gateway, also without names for a preview", func(ctx SpecContext) {
		create(ctx, atGateway(func(o *v1alpha1.Shop) {
			o.Spec.FrontDoor.GatewayAPI.PreviewHostnames = nil
			o.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "curl:1"}}
		}))
		s.up(ctx, p, first)
		s.rest(ctx)
		var jobs batchv1.JobList
		Expect(api.List(ctx, &jobs, client.InNamespace(s.ns))).To(Succeed())
		Expect(jobs.Items).To(HaveLen(1))
		url := "http://" + s.gatewayOf(ctx, first) + "." + s.ns + ".svc"
		Expect(jobs.Items[0].Spec.Template.Spec.Containers[0].Env).To(ContainElement(corev1.EnvVar{Name: "SHOP_PREVIEW_URL", Value: url}))
		Expect(get(ctx, s, "bazaar", &v1alpha1.Shop{}).Status.PreviewAddress).To(Equal(url))
		s.ends(ctx, jobs.Items[0].Name, batchv1.JobComplete)
		s.serves(ctx, first)
	})

	It("is gone back from by the guard, which counts at the gateways of the new release alone", func(ctx SpecContext) {
		create(ctx, atGateway(func(o *v1alpha1.Shop) {
			o.Spec.Release.RollbackWindow = lasting(15 * time.Minute)
			o.Spec.Release.Guard = &v1alpha1.Guard{MaxErrorPercent: ptr.To[int32](1)}
		}))
		s.up(ctx, p, first)
		s.serves(ctx, first)
		now = now.Add(time.Minute)
		second := s.ship(ctx, "catalog:2")
		s.up(ctx, p, second)
		s.until(ctx, func(g Gomega) { g.Expect(s.ready(ctx)).To(HaveField("Reason", "RollbackWindow")) })
		Expect(s.table(ctx).Guard).To(Equal(s.named(ctx).Guard))
		Expect(s.table(ctx).Guard).NotTo(BeNil())
		s.counted(ctx, first, frontdoor.Counts{Requests: 1000, Errors: 1000})
		s.rest(ctx)
		Expect(s.named(ctx).Active).To(Equal(second), "what the stack before counted is not the new one's fault")
		s.counted(ctx, second, frontdoor.Counts{Requests: 200, Errors: 10})
		Expect(s.pass(ctx)).To(Succeed())
		Expect(s.named(ctx)).To(And(HaveField("Active", first), HaveField("Guard", BeNil())))
		s.until(ctx, func(g Gomega) { g.Expect(s.ready(ctx)).To(HaveField("Reason", "GuardBroken")) })
	})

	It("is woken by the Gateways that it names", func(ctx SpecContext) {
		create(ctx, atGateway())
		at := func(name string) []types.NamespacedName {
			return operator.Reader.ShopsAt(ctx, types.NamespacedName{Namespace: s.ns, Name: name})
		}
		Expect(at("public")).To(ConsistOf(s.key("bazaar")))
		Expect(at("private")).To(BeEmpty())
	})
})

var _ = DescribeTable("refuses a front door, naming the field and the way out,",
	func(ctx SpecContext, spoil func(*v1alpha1.Shop), says string) {
		shop := atGateway(spoil)
		shop.Namespace = namespace(ctx)
		expectRefused(api.Create(ctx, shop), []string{says})
	},
	Entry("a Gateway without its type", func(s *v1alpha1.Shop) { s.Spec.FrontDoor.Type = v1alpha1.FrontDoorManaged }, "set both or neither"),
	Entry("the type without a Gateway", func(s *v1alpha1.Shop) { s.Spec.FrontDoor.GatewayAPI = nil }, "set both or neither"),
	Entry("a preview under the customers' name", func(s *v1alpha1.Shop) {
		s.Spec.FrontDoor.GatewayAPI.PreviewHostnames = slices.Clone(s.Spec.FrontDoor.GatewayAPI.Hostnames)
	}, "give the preview names of its own"),
	Entry("an address without a port", func(s *v1alpha1.Shop) { s.Spec.FrontDoor.GatewayAPI.ProbeAddress = "10.0.0.1" }, "probeAddress must be host:port"),
)
