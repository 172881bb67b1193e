package envtest

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/source"
)

// broken lists the rules of design/testing.md, CheckAlways, that the objects in the namespace break; those that the
// planner's world cannot see. It is asked after every pass of every test.
func (s story) broken(ctx context.Context) []string {
	GinkgoHelper()
	var shop v1alpha1.Shop
	if api.Get(ctx, s.key(s.shop), &shop) != nil {
		return nil
	}
	var out []string
	for _, list := range kinds() {
		Expect(api.List(ctx, list, client.InNamespace(s.ns), client.MatchingLabels{
			resources.LabelManagedBy: resources.ManagedBy, frontdoor.LabelShop: s.shop,
		})).To(Succeed())
		Expect(meta.EachListItem(list, func(o runtime.Object) error {
			out = append(out, disowned(o.(client.Object), shop.UID)...)
			return nil
		})).To(Succeed())
	}
	return append(append(out, s.nowhere(ctx)...), s.driven(ctx)...)
}

// disowned: everything that the operator writes belongs to the Shop alone, and goes with it. Pods and Leases are written
// by others, whom the tests play.
func disowned(o client.Object, shop types.UID) []string {
	switch o.(type) {
	case *corev1.Pod, *coordinationv1.Lease:
		return nil
	}
	owners := o.GetOwnerReferences()
	if len(owners) == 1 && owners[0].UID == shop {
		return nil
	}
	if built := o.GetLabels()[source.LabelSource]; built != "" && len(owners) == 1 && owners[0].Kind == "ShopSource" && owners[0].Name == built {
		return nil // a build is its source's, and goes with it
	}
	return []string{fmt.Sprintf("%T %s does not belong to the shop: %v", o, o.GetName(), owners)}
}

// nowhere: every upstream that the table names is there.
func (s story) nowhere(ctx context.Context) (out []string) {
	var table corev1.ConfigMap
	if api.Get(ctx, s.key(frontdoor.TableName(s.shop)), &table) != nil {
		return nil
	}
	t, err := frontdoor.Decode(table.Data[frontdoor.TableKey])
	if err != nil {
		return []string{"the routing table cannot be read: " + err.Error()}
	}
	for _, rel := range t.Releases {
		for _, route := range rel.Routes {
			if err := api.Get(ctx, s.key(route.Upstream), &corev1.Service{}); err != nil {
				out = append(out, fmt.Sprintf("release %s: the front door points %s at nothing: %v", rel.Name, route.Path, err))
			}
		}
	}
	return out
}

// driven: one HPA drives one Deployment, whose number of replicas is then not the operator's. A worker asleep is no exception
// for long: it has none until traffic comes, and an autoscaler lets it be.
func (s story) driven(ctx context.Context) (out []string) {
	GinkgoHelper()
	var hpas autoscalingv2.HorizontalPodAutoscalerList
	Expect(api.List(ctx, &hpas, client.InNamespace(s.ns))).To(Succeed())
	by := map[string]string{}
	for i := range hpas.Items {
		hpa, target := &hpas.Items[i], hpas.Items[i].Spec.ScaleTargetRef.Name
		if other, taken := by[target]; taken {
			out = append(out, fmt.Sprintf("Deployment %s is driven by %s and %s", target, other, hpa.Name))
		}
		by[target] = hpa.Name
		var d appsv1.Deployment
		if api.Get(ctx, s.key(target), &d) == nil && ownsReplicas(&d) && s.drivenByTraffic(ctx, &d) {
			out = append(out, fmt.Sprintf("HPA %s drives Deployment %s, whose replicas are the operator's", hpa.Name, target))
		}
	}
	return out
}

// drivenByTraffic leaves out the services that have pods with traffic only: these get their first pods from the operator.
func (s story) drivenByTraffic(ctx context.Context, d *appsv1.Deployment) bool {
	var rel v1alpha1.ShopRelease
	if api.Get(ctx, s.key(d.Labels[frontdoor.LabelRelease]), &rel) != nil {
		return true
	}
	for _, svc := range rel.Spec.Services {
		if svc.Name == d.Labels[frontdoor.LabelService] && svc.Activation == v1alpha1.ActivationWithTraffic {
			return false
		}
	}
	return true
}

// The checker of every pass has to be able to fail.
var _ = Describe("what is checked after every pass", func() {
	It("sees objects without an owner, a front door that points at nothing, and replicas with two drivers", func(ctx SpecContext) {
		s := story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), bazaar(), catalog(), cart())
		s.rest(ctx)
		s.open(ctx)
		stack := s.release(ctx)[len("bazaar-"):]
		scaled := "bazaar-cart-" + stack
		Expect(s.broken(ctx)).To(BeEmpty())

		var owners []metav1.OwnerReference
		swap := func(d *appsv1.Deployment) { owners, d.OwnerReferences = d.OwnerReferences, owners }
		change(ctx, s, "bazaar-catalog-"+stack, &appsv1.Deployment{}, swap)
		Expect(s.broken(ctx)).To(ConsistOf(ContainSubstring("*v1.Deployment bazaar-catalog-" + stack + " does not belong to the shop")))
		change(ctx, s, "bazaar-catalog-"+stack, &appsv1.Deployment{}, swap)

		replicas := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: scaled, Namespace: s.ns}}
		Expect(api.Patch(ctx, replicas, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":7}}`)), client.FieldOwner(resources.FieldManager))).To(Succeed())
		Expect(s.broken(ctx)).To(ConsistOf(ContainSubstring("drives Deployment " + scaled)))

		Expect(api.Delete(ctx, get(ctx, s, "bazaar-catalog-"+stack, &corev1.Service{}))).To(Succeed())
		Expect(s.broken(ctx)).To(ContainElement(ContainSubstring("points /api/catalog at nothing")))
	})
})
