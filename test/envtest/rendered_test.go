package envtest

import (
	"bytes"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// podded is a ShopService with one thing said of its pods.
func podded(change func(*v1alpha1.PodOptions)) *v1alpha1.ShopService {
	return with(func(s *v1alpha1.ShopService) {
		s.Spec.Pod = &v1alpha1.PodOptions{}
		change(s.Spec.Pod)
	})
}

// reached is a Shop whose front door is reached in some way.
func reached(change func(*v1alpha1.FrontDoorService)) *v1alpha1.Shop {
	s := shopWith("bazaar", v1alpha1.ReleasePolicy{})
	change(&s.Spec.FrontDoor.Managed.Service)
	return s
}

func spread(label string) corev1.TopologySpreadConstraint {
	return corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: corev1.ScheduleAnyway,
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"x": label}}}
}

var _ = DescribeTable("refuses of what is rendered, naming the field and the way out,",
	func(ctx SpecContext, o client.Object, says ...string) {
		o.SetNamespace(namespace(ctx))
		expectRefused(api.Create(ctx, o), says)
	},
	Entry("two spread constraints of one key", podded(func(p *v1alpha1.PodOptions) {
		p.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{spread("1"), spread("2")}
	}), "spec.pod.topologySpreadConstraints[1]", "Duplicate value", "kubernetes.io/hostname"),
	Entry("a label of ours", podded(func(p *v1alpha1.PodOptions) { p.Labels = map[string]string{"shop.emporium.dev/release": "x"} }),
		"spec.pod.labels", "must not begin with shop.emporium.dev/ or app.kubernetes.io/", "choose other names"),
	Entry("a common label", podded(func(p *v1alpha1.PodOptions) { p.Labels = map[string]string{"app.kubernetes.io/name": "x"} }),
		"spec.pod.labels", "must not begin with shop.emporium.dev/ or app.kubernetes.io/"),
	Entry("an annotation of ours", podded(func(p *v1alpha1.PodOptions) { p.Annotations = map[string]string{"shop.emporium.dev/intent": "x"} }),
		"spec.pod.annotations", "must not begin with"),
	Entry("a label of ours on a migration", with(func(s *v1alpha1.ShopService) {
		s.Spec.Migration = &v1alpha1.Migration{Args: []string{"migrate"}, Labels: map[string]string{"shop.emporium.dev/service": "cart"}}
	}), "spec.migration.labels", "must not begin with"),
	Entry("a label of ours on a check", shopWith("bazaar", v1alpha1.ReleasePolicy{Checks: []v1alpha1.Check{
		{Name: "smoke", Image: "smoke:1", Labels: map[string]string{"shop.emporium.dev/service": "cart"}},
	}}), "spec.release.checks[0].labels", "must not begin with"),
	Entry("the root group for volumes", podded(func(p *v1alpha1.PodOptions) { p.FSGroup = ptr.To[int64](0) }), "spec.pod.fsGroup"),
	Entry("a policy for outside traffic without outside traffic", reached(func(s *v1alpha1.FrontDoorService) { s.ExternalTrafficPolicy = "Local" }),
		"externalTrafficPolicy is for traffic from outside the cluster", "set type to NodePort or LoadBalancer"),
	Entry("source ranges without a load balancer", reached(func(s *v1alpha1.FrontDoorService) {
		s.Type, s.LoadBalancerSourceRanges = corev1.ServiceTypeNodePort, []string{"192.0.2.0/24"}
	}), "loadBalancerSourceRanges is for a load balancer", "set type to LoadBalancer"),
	Entry("a source range that is an address", reached(func(s *v1alpha1.FrontDoorService) {
		s.Type, s.LoadBalancerSourceRanges = corev1.ServiceTypeLoadBalancer, []string{"192.0.2.1"}
	}), "write a range as 10.128.0.0/14, and one address as 10.0.0.1/32"),
	Entry("a drain of six minutes", func() *v1alpha1.Shop {
		s := shopWith("bazaar", v1alpha1.ReleasePolicy{})
		s.Spec.FrontDoor.Managed.DrainSeconds = ptr.To[int32](360)
		return s
	}(), "spec.frontDoor.managed.drainSeconds"),
)

// What the unit tests compare with golden files is what an API server takes, pods included.
var _ = DescribeTable("takes every object of the rich shop",
	func(ctx SpecContext, golden string) {
		ns := namespace(ctx)
		for _, o := range objectsOf(golden) {
			o.SetNamespace(ns)
			if o.GetAPIVersion() == "gateway.networking.k8s.io/v1" {
				continue // the suite installs a part of its schema only
			}
			Expect(api.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("test"), client.ForceOwnership, client.DryRunAll)).To(Succeed(), "%s %s", o.GetKind(), o.GetName())
			if template, has, err := unstructured.NestedMap(o.Object, "spec", "template"); err == nil && has {
				pod := &corev1.Pod{}
				Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(template, pod)).To(Succeed())
				pod.Namespace, pod.Name, pod.Spec.PriorityClassName = ns, o.GetName(), ""
				Expect(api.Create(ctx, pod, client.DryRunAll)).To(Succeed(), "a pod of %s %s", o.GetKind(), o.GetName())
			}
		}
	},
	Entry("of version 1", "v1-managed"), Entry("of version 1 at a Gateway", "v1-gatewayapi"),
	Entry("of version 2", "v2-managed"), Entry("of version 2 at a Gateway", "v2-gatewayapi"),
	Entry("with the newer fields", "newer-managed"), Entry("with the newer fields at a Gateway", "newer-gatewayapi"),
)

// objectsOf reads a golden file of internal/resources.
func objectsOf(golden string) (out []*unstructured.Unstructured) {
	GinkgoHelper()
	b, err := os.ReadFile(filepath.Join("../../internal/resources/testdata", golden+".golden"))
	Expect(err).NotTo(HaveOccurred())
	for doc := range bytes.SplitSeq(b, []byte("---\n")) {
		o := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal(doc, &o.Object)).To(Succeed())
		if o.GetKind() != "" { // the table is no object
			out = append(out, o)
		}
	}
	Expect(len(out)).To(BeNumerically(">", 20))
	return out
}
