package resources

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const (
	publicPort  = 8080
	previewPort = 8081
	metricsPort = 9090
)

// FrontDoorName names the front door's Deployment and its other objects.
func FrontDoorName(shop string) string { return shop + "-front-door" }

// PreviewName names the Service at which a candidate can be tried.
func PreviewName(shop string) string { return shop + "-preview" }

// frontDoor renders the gateway and what it needs. It is part of no stack.
func frontDoor(in Input) []Object {
	shop := in.Shop
	if shop.UsesGatewayAPI() {
		return shared(in)
	}
	return []Object{
		frontDoorAccount(shop), frontDoorRole(shop), frontDoorBinding(shop),
		frontDoorService(shop), previewService(shop),
		frontDoorDeployment(in), frontDoorBudget(shop),
	}
}

func frontDoorAccount(shop *v1alpha1.Shop) Object {
	return corev1ac.ServiceAccount(FrontDoorName(shop.Name), shop.Namespace).
		WithLabels(frontDoorLabels(shop)).WithOwnerReferences(Owner(shop)).
		WithAutomountServiceAccountToken(false)
}

// frontDoorRole lets a replica read its table and its endpoints, and write its Lease.
func frontDoorRole(shop *v1alpha1.Shop) Object {
	return rbacv1ac.Role(FrontDoorName(shop.Name), shop.Namespace).
		WithLabels(frontDoorLabels(shop)).WithOwnerReferences(Owner(shop)).
		WithRules(
			rbacv1ac.PolicyRule().WithAPIGroups("").WithResources("configmaps").WithResourceNames(frontdoor.TableName(shop.Name)).WithVerbs("list", "watch"),
			rbacv1ac.PolicyRule().WithAPIGroups("discovery.k8s.io").WithResources("endpointslices").WithVerbs("list", "watch"),
			rbacv1ac.PolicyRule().WithAPIGroups("coordination.k8s.io").WithResources("leases").WithVerbs("create", "patch"),
		)
}

func frontDoorBinding(shop *v1alpha1.Shop) Object {
	name := FrontDoorName(shop.Name)
	return rbacv1ac.RoleBinding(name, shop.Namespace).
		WithLabels(frontDoorLabels(shop)).WithOwnerReferences(Owner(shop)).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup("rbac.authorization.k8s.io").WithKind("Role").WithName(name)).
		WithSubjects(rbacv1ac.Subject().WithKind("ServiceAccount").WithName(name).WithNamespace(shop.Namespace))
}

func frontDoorService(shop *v1alpha1.Shop) Object {
	want := shop.Spec.FrontDoor.Managed.Service
	svc := doorService(shop, shop.Name, want.Port, publicPort)
	svc.Spec.WithType(want.Type)
	// What is unset is not owned, so that what somebody else sets stays.
	if want.ExternalTrafficPolicy != "" {
		svc.Spec.WithExternalTrafficPolicy(want.ExternalTrafficPolicy)
	}
	svc.Spec.WithLoadBalancerSourceRanges(want.LoadBalancerSourceRanges...)
	return svc.WithAnnotations(want.Annotations)
}

func previewService(shop *v1alpha1.Shop) Object {
	svc := doorService(shop, PreviewName(shop.Name), 80, previewPort)
	svc.Spec.WithType(corev1.ServiceTypeClusterIP)
	return svc
}

func doorService(shop *v1alpha1.Shop, name string, port, target int32) *corev1ac.ServiceApplyConfiguration {
	return corev1ac.Service(name, shop.Namespace).
		WithLabels(frontDoorLabels(shop)).WithOwnerReferences(Owner(shop)).
		WithSpec(corev1ac.ServiceSpec().WithSelector(frontDoorSelector(shop)).
			WithPorts(corev1ac.ServicePort().WithName(frontdoor.PortName).WithProtocol(corev1.ProtocolTCP).
				WithPort(port).WithTargetPort(intstr.FromInt32(target))))
}

func frontDoorDeployment(in Input) Object {
	shop, name := in.Shop, FrontDoorName(in.Shop.Name)
	pod := gatewayPod(in, name, gatewayOptions(shop, true), gateway(in))
	return appsv1ac.Deployment(name, shop.Namespace).
		WithLabels(frontDoorLabels(shop)).WithAnnotations(accountAnnotation(in, name)).WithOwnerReferences(Owner(shop)).
		WithSpec(appsv1ac.DeploymentSpec().
			WithReplicas(shop.Spec.FrontDoor.Managed.Replicas).
			WithRevisionHistoryLimit(1).
			WithStrategy(rollingWithoutLoss()).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(frontDoorSelector(shop))).
			WithTemplate(pod.WithLabels(frontDoorLabels(shop))))
}

func frontDoorBudget(shop *v1alpha1.Shop) Object {
	return policyv1ac.PodDisruptionBudget(FrontDoorName(shop.Name), shop.Namespace).
		WithLabels(frontDoorLabels(shop)).WithOwnerReferences(Owner(shop)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().WithMaxUnavailable(intstr.FromInt32(1)).
			WithUnhealthyPodEvictionPolicy(policyv1.AlwaysAllow).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(frontDoorSelector(shop))))
}
