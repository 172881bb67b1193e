package resources

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

// LabelReachedByBuilds on a pod lets builds reach it where ClosedCIDRs close the cluster's own addresses: a registry, a Git server or a
// proxy of modules within the cluster. Its value is "true".
const LabelReachedByBuilds = "shop.emporium.dev/reached-by-builds"

// BuildObjects renders what the builds of a shop share: the engines' configuration, and who may talk to whom. They are the shop's.
func BuildObjects(shop *v1alpha1.Shop, o BuildOptions) []Object {
	out := []Object{buildConfig(shop, o)}
	if shop.Spec.NetworkPolicies != v1alpha1.NetworkPoliciesDisabled {
		out = append(out, buildPolicy(shop, o))
	}
	return out
}

func buildSharedLabels(shop string) map[string]string {
	l := ShopLabels(shop)
	l[frontdoor.LabelComponent] = source.ComponentBuild
	return l
}

// defaultCache is the size of a slot's volume.
const defaultCache = "10Gi"

// BuildVolume renders the volume of a slot's cache. It is created once and never changed: the size of a volume that is there is
// its owner's.
func BuildVolume(shop *v1alpha1.Shop, slot int32) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: metav1.ObjectMeta{
			Name: source.SlotName(shop.Name, slot), Namespace: shop.Namespace, Labels: buildSharedLabels(shop.Name),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(shop, v1alpha1.GroupVersion.WithKind("Shop"))},
		},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: shop.Spec.Builds.StorageClassName,
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: cacheSize(shop)}},
		},
	}
}

func cacheSize(shop *v1alpha1.Shop) resource.Quantity {
	if c := shop.Spec.Builds.Cache; c != nil {
		return c.DeepCopy()
	}
	return resource.MustParse(defaultCache)
}

func buildConfig(shop *v1alpha1.Shop, o BuildOptions) Object {
	return corev1ac.ConfigMap(BuildConfigName(shop.Name), shop.Namespace).
		WithLabels(buildSharedLabels(shop.Name)).WithOwnerReferences(Owner(shop)).
		WithData(map[string]string{"buildkitd.toml": engineConfig(shop, o)})
}

// engineConfig is buildkitd's. No entitlement is given, so a Dockerfile gets neither the node's network nor more rights.
func engineConfig(shop *v1alpha1.Shop, o BuildOptions) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[grpc]\n  address = [%q]\n", "unix://"+runFolder+"/buildkitd.sock")
	if o.Isolation != Rootless {
		fmt.Fprintf(&b, "  gid = %d\n", buildUser) // the socket is root's, and its clients are not
	}
	size := cacheSize(shop)
	fmt.Fprintf(&b, "\n[worker.oci]\n  enabled = true\n  snapshotter = \"overlayfs\"\n  max-parallelism = 2\n  gc = true\n  maxUsedSpace = \"%dMB\"\n", size.Value()*8/10/1_000_000)
	b.WriteString("\n[worker.containerd]\n  enabled = false\n\n[frontend.\"gateway.v0\"]\n  enabled = false\n")
	for _, r := range slices.SortedFunc(slices.Values(shop.Spec.Builds.Registries), func(a, b v1alpha1.BuildRegistry) int { return strings.Compare(a.Host, b.Host) }) {
		fmt.Fprintf(&b, "\n[registry.%q]\n", r.Host)
		if len(r.Mirrors) > 0 {
			fmt.Fprintf(&b, "  mirrors = [%s]\n", quoted(r.Mirrors))
		}
		if r.PlainHTTP {
			b.WriteString("  http = true\n")
		}
	}
	return b.String()
}

// quoted: the CRD lets mirrors hold nothing that TOML and Go write differently.
func quoted(all []string) string {
	var out []string
	for _, s := range all {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return strings.Join(out, ", ")
}

// buildPolicy closes builds: nobody reaches them, and they reach DNS, whatever lies outside of ClosedCIDRs, and the pods that say so.
// A NetworkPolicy cannot say "not the cluster": which addresses are the cluster's only its administrator knows.
func buildPolicy(shop *v1alpha1.Shop, o BuildOptions) Object {
	dns := networkingv1ac.NetworkPolicyEgressRule().WithPorts(udp(53), tcp(53))
	reached := networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(metav1ac.LabelSelector()).
		WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{LabelReachedByBuilds: "true"}))
	out := networkingv1ac.NetworkPolicyEgressRule().WithTo(outside("0.0.0.0/0", o.ClosedCIDRs, false), outside("::/0", o.ClosedCIDRs, true), reached)
	return networkingv1ac.NetworkPolicy(BuildConfigName(shop.Name), shop.Namespace).
		WithLabels(buildSharedLabels(shop.Name)).WithOwnerReferences(Owner(shop)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{
				frontdoor.LabelShop: shop.Name, frontdoor.LabelComponent: source.ComponentBuild,
			})).
			WithEgress(dns, out))
}

func outside(all string, closed []string, six bool) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	block := networkingv1ac.IPBlock().WithCIDR(all)
	for _, c := range closed {
		if strings.Contains(c, ":") == six {
			block.WithExcept(c)
		}
	}
	return networkingv1ac.NetworkPolicyPeer().WithIPBlock(block)
}

func udp(port int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return tcp(port).WithProtocol(corev1.ProtocolUDP)
}
