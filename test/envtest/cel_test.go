package envtest

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// with returns a valid ShopService that is changed in one thing.
func with(change func(*v1alpha1.ShopService)) *v1alpha1.ShopService {
	s := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: "cart"}, Spec: v1alpha1.ShopServiceSpec{
		Shop:            "bazaar",
		ServiceTemplate: v1alpha1.ServiceTemplate{Image: "cart:1", Routes: []v1alpha1.Route{{Path: "/api/cart"}}},
		ServiceScale:    v1alpha1.ServiceScale{Replicas: ptr.To[int32](2)},
	}}
	change(s)
	return s
}

func named(name string) func(*v1alpha1.ShopService) {
	return func(s *v1alpha1.ShopService) { s.Name = name }
}

func scaled(replicas *int32, auto *v1alpha1.Autoscaling) func(*v1alpha1.ShopService) {
	return func(s *v1alpha1.ShopService) { s.Spec.Replicas, s.Spec.Autoscaling = replicas, auto }
}

func routed(path string) func(*v1alpha1.ShopService) {
	return func(s *v1alpha1.ShopService) { s.Spec.Routes = []v1alpha1.Route{{Path: path}} }
}

func twoSources(s *v1alpha1.ShopService) {
	s.Spec.Pod = &v1alpha1.PodOptions{Volumes: []v1alpha1.Volume{{
		Name: "scratch", EmptyDir: &corev1.EmptyDirVolumeSource{}, Secret: &corev1.SecretVolumeSource{SecretName: "mail"},
	}}}
}

// shopWith returns a valid Shop that is changed in one thing.
func shopWith(name string, release v1alpha1.ReleasePolicy) *v1alpha1.Shop {
	return &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ShopSpec{Release: release}}
}

func trusting(proxies ...string) *v1alpha1.Shop {
	s := shopWith("bazaar", v1alpha1.ReleasePolicy{})
	s.Spec.FrontDoor.TrustedProxies = proxies
	return s
}

func record() *v1alpha1.ShopRelease {
	return &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: "bazaar-0badcafe"},
		Spec: v1alpha1.ShopReleaseSpec{Shop: "bazaar", Revision: "0badcafe"}}
}

func lasting(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }

func expectRefused(err error, says []string) {
	GinkgoHelper()
	Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%v", err)
	for _, part := range says {
		Expect(err.Error()).To(ContainSubstring(part))
	}
}

var _ = DescribeTable("refuses, naming the field and the way out,",
	func(ctx SpecContext, o client.Object, says ...string) {
		o.SetNamespace(namespace(ctx))
		expectRefused(api.Create(ctx, o), says)
	},
	Entry("a Shop whose name has 21 characters", shopWith(strings.Repeat("a", 21), v1alpha1.ReleasePolicy{}),
		"metadata.name may have at most 20 characters", "choose a shorter name"),
	Entry("a Shop whose name begins with a digit", shopWith("1st", v1alpha1.ReleasePolicy{}),
		"metadata.name names Kubernetes Services", "must begin with a letter"),
	Entry("a ShopService whose name has 31 characters", with(named(strings.Repeat("a", 31))),
		"metadata.name may have at most 30 characters", "choose a shorter name"),
	Entry("a ShopService named like the gateway", with(named("front-door")),
		"metadata.name front-door is taken", "choose another name"),
	Entry("both replicas and autoscaling", with(scaled(ptr.To[int32](2), &v1alpha1.Autoscaling{MaxReplicas: 3})),
		"set exactly one of spec.replicas and spec.autoscaling"),
	Entry("neither replicas nor autoscaling", with(scaled(nil, nil)),
		"set exactly one of spec.replicas and spec.autoscaling"),
	Entry("a minimum above the maximum", with(scaled(nil, &v1alpha1.Autoscaling{MinReplicas: 4, MaxReplicas: 3})),
		"spec.autoscaling", "autoscaling.minReplicas must not be greater than autoscaling.maxReplicas"),
	Entry("a default minimum above the maximum", with(scaled(nil, &v1alpha1.Autoscaling{MaxReplicas: 1})),
		"autoscaling.minReplicas must not be greater than autoscaling.maxReplicas"),
	Entry("a path with a / at its end", with(routed("/api/cart/")),
		"spec.routes[0].path", "without a / at the end, for example /api/cart"),
	Entry("a path without a / at its beginning", with(routed("api")),
		"spec.routes[0].path", "path must begin with /"),
	Entry("a path that is internal", with(routed("/internal/cart")),
		"spec.routes[0].path", "what is below /internal is for services only: the front door sends nobody there"),
	Entry("a volume of two sources", with(twoSources),
		"spec.pod.volumes[0]", "set exactly one of configMap, secret, emptyDir and persistentVolumeClaim"),
	Entry("a quiet time of two hours", shopWith("bazaar", v1alpha1.ReleasePolicy{Settle: lasting(2 * time.Hour)}),
		"spec.release.settle", "between 0s and 1h, for example 5s"),
	Entry("a negative quiet time", shopWith("bazaar", v1alpha1.ReleasePolicy{Settle: lasting(-time.Second)}),
		"spec.release.settle", "between 0s and 1h, for example 5s"),
	Entry("a deadline of a second", shopWith("bazaar", v1alpha1.ReleasePolicy{StartDeadline: lasting(time.Second)}),
		"spec.release.startDeadline", "between 10s and 24h, for example 10m"),
	Entry("a trusted proxy that is an address", trusting("10.128.0.0/14", "10.0.0.1"),
		"spec.frontDoor.trustedProxies", "write a range as 10.128.0.0/14, and one address as 10.0.0.1/32"),
)

var _ = DescribeTable("refuses to change",
	func(ctx SpecContext, o client.Object, change func(client.Object), says ...string) {
		o.SetNamespace(namespace(ctx))
		Expect(api.Create(ctx, o)).To(Succeed())
		change(o)
		expectRefused(api.Update(ctx, o), says)
	},
	Entry("the shop of a ShopService", with(named("cart")),
		func(o client.Object) { o.(*v1alpha1.ShopService).Spec.Shop = "other" },
		"spec.shop cannot be changed", "delete the ShopService and create it in the other shop"),
	Entry("what a ShopRelease recorded", record(),
		func(o client.Object) { o.(*v1alpha1.ShopRelease).Spec.Version = "2" },
		"a ShopRelease is a record and cannot be changed", "spec.release.active"),
)

// kstatus and kubectl wait take an object for current when its status speaks of its generation.
var _ = DescribeTable("accepts, and says that it has looked at nothing yet,",
	func(ctx SpecContext, o client.Object, seen func() int64) {
		o.SetNamespace(namespace(ctx))
		Expect(api.Create(ctx, o)).To(Succeed())
		Expect(api.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
		Expect(o.GetGeneration()).To(BeEquivalentTo(1))
		Expect(seen()).To(BeEquivalentTo(-1))
	},
	func() TableEntry {
		shop := shopWith(strings.Repeat("a", 20), v1alpha1.ReleasePolicy{})
		return Entry("a Shop of nothing but a name", shop, func() int64 { return shop.Status.ObservedGeneration })
	}(),
	func() TableEntry {
		shop := trusting("10.128.0.0/14", "fd00::/8")
		return Entry("a Shop that trusts proxies", shop, func() int64 { return shop.Status.ObservedGeneration })
	}(),
	func() TableEntry {
		svc := with(named(strings.Repeat("a", 30)))
		return Entry("a ShopService", svc, func() int64 { return svc.Status.ObservedGeneration })
	}(),
	func() TableEntry {
		rel := record()
		return Entry("a ShopRelease", rel, func() int64 { return rel.Status.ObservedGeneration })
	}(),
)
