package resources

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/emporium-shop/emporium/internal/release"
)

// defaultCPUUtilization is what an autoscaler aims at, in percent of the CPU requests.
const defaultCPUUtilization = 70

// deployment renders the Deployment. It says nothing of replicas where an
// autoscaler drives them: two writers of one field would fight.
func (s service) deployment() Object { return s.deploymentOf(s.pod()) }

func (s service) deploymentOf(pod *corev1ac.PodTemplateSpecApplyConfiguration) *appsv1ac.DeploymentApplyConfiguration {
	spec := appsv1ac.DeploymentSpec().
		WithSelector(metav1ac.LabelSelector().WithMatchLabels(s.selector())).
		WithRevisionHistoryLimit(0).
		WithStrategy(rollingWithoutLoss()).
		WithTemplate(pod)
	if s.look.settledPods && (s.called || !s.look.settledWhereCalled) {
		spec.WithMinReadySeconds(settledSeconds)
	}
	if s.held || !s.isAutoscaled() {
		spec.WithReplicas(s.floor)
	}
	return appsv1ac.Deployment(s.object, s.shop.Namespace).
		WithLabels(s.labels()).WithOwnerReferences(Owner(s.shop)).WithSpec(spec)
}

// settledSeconds is longer than kube-proxy takes to write where a pod is, which it does at most
// once a second (its minSyncPeriod): before that, a call by the name of a Service is refused. Times of
// readiness are whole seconds, so of two seconds at least one has passed.
const settledSeconds = 2

func rollingWithoutLoss() *appsv1ac.DeploymentStrategyApplyConfiguration {
	return appsv1ac.DeploymentStrategy().WithType(appsv1.RollingUpdateDeploymentStrategyType).
		WithRollingUpdate(appsv1ac.RollingUpdateDeployment().
			WithMaxUnavailable(intstr.FromInt32(0)).WithMaxSurge(intstr.FromInt32(1)))
}

// isAutoscaled: the service has an autoscaler. One that is lifted from 0 keeps it; one that shall have
// no pods has none, since an autoscaler's minimum is not 0.
func (s service) isAutoscaled() bool {
	return s.scale.Autoscaling != nil && (!s.held || s.floor > 0)
}

// autoscaler renders the HorizontalPodAutoscaler. Its minimum is the floor: raising
// it lifts the Deployment without asking metrics, lowering it shrinks nothing at once.
func (s service) autoscaler() Object {
	a := s.scale.Autoscaling
	spec := autoscalingv2ac.HorizontalPodAutoscalerSpec().
		WithScaleTargetRef(autoscalingv2ac.CrossVersionObjectReference().WithAPIVersion("apps/v1").WithKind("Deployment").WithName(s.object)).
		WithMinReplicas(s.floor).WithMaxReplicas(a.MaxReplicas)
	if a.CPUUtilization != nil || len(a.Metrics) == 0 {
		target := int32(defaultCPUUtilization)
		if a.CPUUtilization != nil {
			target = *a.CPUUtilization
		}
		spec.WithMetrics(autoscalingv2ac.MetricSpec().WithType(autoscalingv2.ResourceMetricSourceType).
			WithResource(autoscalingv2ac.ResourceMetricSource().WithName(corev1.ResourceCPU).
				WithTarget(autoscalingv2ac.MetricTarget().WithType(autoscalingv2.UtilizationMetricType).WithAverageUtilization(target))))
	}
	spec.Metrics = append(spec.Metrics, as[[]autoscalingv2ac.MetricSpecApplyConfiguration](a.Metrics)...)
	spec.Behavior = as[*autoscalingv2ac.HorizontalPodAutoscalerBehaviorApplyConfiguration](a.Behavior)
	return autoscalingv2ac.HorizontalPodAutoscaler(s.object, s.shop.Namespace).
		WithLabels(s.labels()).WithOwnerReferences(Owner(s.shop)).WithSpec(spec)
}

// disruptionBudget lets a drain of nodes take a few pods of a service at a time: one, unless the service says otherwise.
func (s service) disruptionBudget() Object {
	return policyv1ac.PodDisruptionBudget(s.object, s.shop.Namespace).
		WithLabels(s.labels()).WithOwnerReferences(Owner(s.shop)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(release.Unavailable(s.scale))).
			WithUnhealthyPodEvictionPolicy(policyv1.AlwaysAllow).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(s.selector())))
}
