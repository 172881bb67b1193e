package controllers

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/resources"
)

// CacheOptions lets the caches hold only what is the operator's, and of that only what is read. That is what
// carries the label of a shop: the common label managed-by is taken over by others (Helm's adoption sets it on all
// there is), and a stack that is not seen any more would count as gone. ConfigMaps and Secrets of people may carry
// the label of a shop as well, and are none of the operator's business; of its own, those that lost their labels are looked for past the cache.
func CacheOptions() cache.Options {
	ours := labels.SelectorFromSet(labels.Set{resources.LabelManagedBy: resources.ManagedBy})
	o := cache.Options{ByObject: map[client.Object]cache.ByObject{}, DefaultTransform: stripOurs}
	for kind := range written() {
		o.ByObject[kind] = cache.ByObject{Label: ofAShop()}
		switch kind.(type) {
		case *corev1.ConfigMap, *corev1.Secret:
			o.ByObject[kind] = cache.ByObject{Label: ours}
		}
	}
	o.ByObject[&corev1.PersistentVolumeClaim{}] = cache.ByObject{Label: ofAShop()} // those of builds
	return o
}

// ofAShop selects what carries the label of any shop.
func ofAShop() labels.Selector {
	has, err := labels.NewRequirement(frontdoor.LabelShop, selection.Exists, nil)
	if err != nil {
		panic(err) // a constant requirement
	}
	return labels.NewSelector().Add(*has)
}

// SourceCacheOptions is for the ConfigMaps and Secrets that are not the operator's:
// only their metadata is watched, and of that only what tells versions apart.
func SourceCacheOptions() cache.Options {
	theirs, err := labels.NewRequirement(resources.LabelManagedBy, selection.NotEquals, []string{resources.ManagedBy})
	if err != nil {
		panic(err) // a constant requirement
	}
	return cache.Options{DefaultLabelSelector: labels.NewSelector().Add(*theirs), DefaultTransform: stripTheirs}
}

// stripTheirs takes away what nobody reads of objects that are not the operator's.
func stripTheirs(o any) (any, error) {
	switch o := o.(type) {
	case *autoscalingv2.HorizontalPodAutoscaler:
		o.Spec = autoscalingv2.HorizontalPodAutoscalerSpec{ScaleTargetRef: o.Spec.ScaleTargetRef}
		o.Status = autoscalingv2.HorizontalPodAutoscalerStatus{}
	case *policyv1.PodDisruptionBudget:
		o.Status = policyv1.PodDisruptionBudgetStatus{}
	}
	return strip(o)
}

// stripOurs does so for what the operator wrote. What is only compared with what it should be (internal/apply) is packed.
func stripOurs(o any) (any, error) {
	out, err := strip(o)
	if object, is := out.(client.Object); is {
		apply.Pack(object)
	}
	return out, err
}

// strip takes away what nobody reads before an object is cached: at a thousand shops that is
// a fifth of the operator's memory.
func strip(o any) (any, error) {
	if m, ok := o.(metav1.Object); ok {
		stripMeta(m)
	}
	switch o := o.(type) {
	case *corev1.Pod:
		stripPod(o)
	case *batchv1.Job:
		stripBuild(o)
	case *corev1.Secret:
		stripSecret(o)
	case *corev1.ConfigMap:
		stripConfigMap(o)
	}
	return o, nil
}
