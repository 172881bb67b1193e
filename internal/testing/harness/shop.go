package harness

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// Chaos is who damages things, and User who asks for them.
func (w *World) as(who string) cluster.As { return cluster.As{Store: w.Store, Who: who} }

// User writes as a person or a GitOps tool does.
func (w *World) User() cluster.As { return w.as("user") }

// Chaos deletes and changes what it should not.
func (w *World) Chaos() cluster.As { return w.as("chaos") }

func cacheKey() client.ObjectKey { return client.ObjectKey{Namespace: Namespace, Name: Shop} }

func duration(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }

// Install creates a shop of two services: storefront is fixed, depends on cart and has the
// route; cart is autoscaled, takes a Secret and a ConfigMap, and has a route of its own.
// Defaults are filled in, as the CRDs do.
func (w *World) Install(change ...func(*v1alpha1.Shop)) {
	user := w.User()
	user.Create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "mail", Namespace: Namespace, Annotations: map[string]string{v1alpha1.AnnotationAllowedServices: "cart"}}, Data: map[string][]byte{"key": []byte("1")}})
	user.Create(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "prices", Namespace: Namespace}, Data: map[string]string{"tax": "19"}})
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: Shop, Namespace: Namespace}}
	shop.Spec.FrontDoor = v1alpha1.FrontDoor{Type: v1alpha1.FrontDoorManaged, Managed: v1alpha1.ManagedFrontDoor{
		Replicas: 2, Service: v1alpha1.FrontDoorService{Type: corev1.ServiceTypeClusterIP, Port: 80},
	}}
	shop.Spec.Release = v1alpha1.ReleasePolicy{
		Settle: duration(2 * time.Second), Promotion: v1alpha1.PromotionAutomatic,
		StartDeadline: duration(2 * time.Minute), RollbackWindow: duration(5 * time.Minute), HistoryLimit: ptr.To[int32](3),
	}
	shop.Status.ObservedGeneration = -1
	for _, c := range change {
		c(shop)
	}
	user.Create(shop)
	cart := service("cart", "cart:1", "/api/cart")
	cart.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
	cart.Spec.Pod = &v1alpha1.PodOptions{Volumes: []v1alpha1.Volume{{Name: "prices", ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: "prices"}}}}}
	cart.Spec.Autoscaling = &v1alpha1.Autoscaling{MinReplicas: 2, MaxReplicas: 5}
	storefront := service("storefront", "storefront:1", "/")
	storefront.Spec.DependsOn = []string{"cart"}
	storefront.Spec.Routes[0].AllowedServices = []string{"cart"}
	storefront.Spec.Replicas = ptr.To[int32](2)
	user.Create(cart)
	user.Create(storefront)
}

func service(name, image, path string) *v1alpha1.ShopService {
	s := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace}}
	s.Spec.Shop = Shop
	s.Spec.Image, s.Spec.Port, s.Spec.MetricsPort = image, 8080, 9090
	s.Spec.Routes = []v1alpha1.Route{{Path: path}}
	s.Spec.Resources = &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}}
	s.Status.ObservedGeneration = -1
	return s
}

// Edit changes a ShopService as its team does. One that is not there stays so.
func (w *World) Edit(name string, change func(*v1alpha1.ShopServiceSpec)) {
	if s := w.Store.Get("ShopService", Namespace, name); s != nil {
		w.User().Set(s, func(o client.Object) { change(&o.(*v1alpha1.ShopService).Spec) })
	}
}

// Image ships another image of a service.
func (w *World) Image(name, image string) {
	w.Say("user: %s ships %s", name, image)
	w.Edit(name, func(s *v1alpha1.ShopServiceSpec) { s.Image = image })
}

// Policy changes the shop's spec as the platform team does.
func (w *World) Policy(change func(*v1alpha1.ShopSpec)) {
	w.User().Set(w.Shop(), func(o client.Object) { change(&o.(*v1alpha1.Shop).Spec) })
}

// Installed returns a world in which the shop serves, at rest, with one operator.
func Installed(change ...func(*v1alpha1.Shop)) *World {
	w := New()
	w.Install(change...)
	w.StartOperator()
	w.Rest()
	return w
}

// Reason is the reason of the shop's Ready condition, and its message.
func (w *World) Reason() (v1alpha1.Reason, string) {
	if s := w.Shop(); s != nil {
		for _, c := range s.Status.Conditions {
			if c.Type == string(v1alpha1.ConditionReady) {
				return v1alpha1.Reason(c.Reason), c.Message
			}
		}
	}
	return "", ""
}

func requestFor() ctrl.Request { return ctrl.Request{NamespacedName: cacheKey()} }
