package gather

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// matrixKinds are the five lists beside the Shop itself.
func matrixKinds(out *view.Objects) []kind {
	shop := out.Shop.Name
	services, releases := &v1alpha1.ShopServiceList{}, &v1alpha1.ShopReleaseList{}
	deployments, autoscalers, jobs := &appsv1.DeploymentList{}, &autoscalingv2.HorizontalPodAutoscalerList{}, &batchv1.JobList{}
	return []kind{
		{"shopservices", services, false, func() {
			out.Services = slices.DeleteFunc(services.Items, func(s v1alpha1.ShopService) bool { return s.Spec.Shop != shop })
		}},
		{"shopreleases", releases, false, func() {
			out.Releases = slices.DeleteFunc(releases.Items, func(r v1alpha1.ShopRelease) bool { return r.Spec.Shop != shop })
		}},
		{"deployments", deployments, true, func() { out.Deployments = deployments.Items }},
		{"horizontalpodautoscalers", autoscalers, true, func() { out.Autoscalers = autoscalers.Items }},
		{"jobs", jobs, true, func() { out.Jobs = jobs.Items }},
	}
}

// wholeKinds are those that only some questions need.
func wholeKinds(out *view.Objects) []kind {
	pods, leases := &corev1.PodList{}, &coordinationv1.LeaseList{}
	events, sources := &corev1.EventList{}, &v1alpha1.ShopSourceList{}
	return []kind{
		{"pods", pods, true, func() { out.Pods = pods.Items }},
		{"leases", leases, true, func() { out.Leases = leases.Items }},
		{"events", events, false, func() { out.Events = about(events.Items, out) }},
		{"shopsources", sources, false, func() { out.Sources = sources.Items }},
	}
}

// about leaves events of other shops' objects out: names of a shop's objects are its own name, or begin with it and a hyphen.
// ShopServices alone are named as their teams like.
func about(events []corev1.Event, out *view.Objects) []corev1.Event {
	shop := out.Shop.Name
	return slices.DeleteFunc(events, func(e corev1.Event) bool {
		name := e.InvolvedObject.Name
		if name == shop || strings.HasPrefix(name, shop+"-") {
			return false
		}
		return !slices.ContainsFunc(out.Services, func(s v1alpha1.ShopService) bool { return s.Name == name })
	})
}
