package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const (
	services = 20
	// hands is how many requests this program makes at once.
	hands = 16
)

// objects of a shop, in the order in which they are applied: with a Secret for each
// service where they are wanted.
func objects(at place, secrets bool, window time.Duration) []client.Object {
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: at.shop, Namespace: at.namespace}}
	shop.Spec.Release.RollbackWindow = &metav1.Duration{Duration: window}
	out := []client.Object{shop}
	for i := range services {
		if secrets {
			out = append(out, secret(at.namespace, at.service(i)))
		}
		out = append(out, service(at, i, secrets))
	}
	return out
}

func secret(ns, name string) *corev1.Secret {
	return &corev1.Secret{
		// Nobody but this service may use it; an operator that knows no grants ignores that.
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns, Annotations: map[string]string{"shop.emporium.dev/allowed-services": name}},
		StringData: map[string]string{"TOKEN": strings.Repeat("x", 1000)},
	}
}

func service(at place, i int, secrets bool) *v1alpha1.ShopService {
	name := at.service(i)
	s := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: at.namespace}}
	s.Spec.Shop, s.Spec.Image, s.Spec.Replicas = at.shop, "registry.example/"+name+":1", ptr.To[int32](1)
	s.Spec.Routes = []v1alpha1.Route{{Path: "/" + name}}
	s.Spec.Env = []corev1.EnvVar{{Name: "BUILD", Value: "1"}, {Name: "REGION", Value: "eu"}, {Name: "LEVEL", Value: "info"}}
	s.Spec.Resources = &corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")},
	}
	if i > 0 {
		s.Spec.DependsOn = []string{at.service(i - 1)}
	}
	if secrets {
		s.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}}
	}
	return s
}

// createShops creates the shops from..to, several at once.
func (l *lab) createShops(ctx context.Context, from, to int) error {
	return inParallel(ctx, from, to, func(ctx context.Context, i int) error {
		at := l.place(i)
		home := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: at.namespace}}
		if err := l.server.api.Create(ctx, home); ignoreExisting(err) != nil {
			return fmt.Errorf("creating namespace %s: %w", home.Name, err)
		}
		for _, o := range objects(at, l.secrets, 15*time.Minute) {
			if err := l.server.api.Create(ctx, o); err != nil {
				return fmt.Errorf("creating %T %s: %w", o, o.GetName(), err)
			}
		}
		return nil
	})
}

// changeBuild changes services of shops: a new build of the first ones.
func (l *lab) changeBuild(ctx context.Context, from, to, changed int, build string) error {
	patch := client.RawPatch("application/json-patch+json", fmt.Appendf(nil, `[{"op":"replace","path":"/spec/env/0/value","value":%q}]`, build))
	return inParallel(ctx, from, to, func(ctx context.Context, i int) error {
		for n := range changed {
			s := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: l.place(i).service(n), Namespace: l.place(i).namespace}}
			if err := l.server.api.Patch(ctx, s, patch); err != nil {
				return fmt.Errorf("changing %s in %s: %w", s.Name, s.Namespace, err)
			}
		}
		return nil
	})
}

// setWindow sets how long a shop keeps the stack before.
func (l *lab) setWindow(ctx context.Context, at place, window time.Duration) error {
	return l.policy(ctx, at, fmt.Sprintf(`{"rollbackWindow":%q}`, window))
}

// pin asks a shop for a release that it had.
func (l *lab) pin(ctx context.Context, at place, release string) error {
	return l.policy(ctx, at, fmt.Sprintf(`{"active":%q}`, release))
}

// policy merges into what a shop says of releases.
func (l *lab) policy(ctx context.Context, at place, release string) error {
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: at.shop, Namespace: at.namespace}}
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"release":%s}}`, release))
	if err := l.server.api.Patch(ctx, shop, patch); err != nil {
		return fmt.Errorf("changing shop %s/%s: %w", at.namespace, at.shop, err)
	}
	return nil
}

func inParallel(ctx context.Context, from, to int, do func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(hands)
	for i := from; i <= to; i++ {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}
