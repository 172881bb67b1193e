// Package gather reads, with the rights of one person, the objects that package view shows. It writes nothing.
package gather

import (
	"errors"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// NewScheme knows the kinds that people are shown, and what they are asked for.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	var errs []error
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, autoscalingv2.AddToScheme, coordinationv1.AddToScheme,
		authenticationv1.AddToScheme, authorizationv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		errs = append(errs, add(scheme))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("making the scheme: %w", err)
	}
	return scheme, nil
}

// What is known of kinds is the same for everybody, and large: the console has a client for each person.
var (
	sharedScheme = sync.OnceValues(NewScheme)
	sharedMapper = sync.OnceValue(newMapper)
)

// NewClient reads and writes without a cache. It asks for no discovery: that would cost some requests before the first answer.
// Warnings of the API server are left to the config.
func NewClient(config *rest.Config) (client.WithWatch, error) {
	scheme, err := sharedScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme, Mapper: sharedMapper()})
	if err != nil {
		return nil, fmt.Errorf("making the client: %w", err)
	}
	return c, nil
}

// newMapper knows where the kinds are served, as they have been since before Emporium.
func newMapper() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	add := func(gv schema.GroupVersion, scope meta.RESTScope, kinds ...string) {
		for _, kind := range kinds {
			m.Add(gv.WithKind(kind), scope)
		}
	}
	add(v1alpha1.GroupVersion, meta.RESTScopeNamespace, "Shop", "ShopService", "ShopRelease", "ShopSource")
	add(corev1.SchemeGroupVersion, meta.RESTScopeNamespace, "Pod", "Service", "Event", "ResourceQuota", "ConfigMap", "Secret")
	add(corev1.SchemeGroupVersion, meta.RESTScopeRoot, "Namespace")
	add(appsv1.SchemeGroupVersion, meta.RESTScopeNamespace, "Deployment")
	add(batchv1.SchemeGroupVersion, meta.RESTScopeNamespace, "Job")
	add(autoscalingv2.SchemeGroupVersion, meta.RESTScopeNamespace, "HorizontalPodAutoscaler")
	add(coordinationv1.SchemeGroupVersion, meta.RESTScopeNamespace, "Lease")
	add(authenticationv1.SchemeGroupVersion, meta.RESTScopeRoot, "SelfSubjectReview")
	add(authorizationv1.SchemeGroupVersion, meta.RESTScopeRoot, "SelfSubjectAccessReview", "SelfSubjectRulesReview")
	return m
}
