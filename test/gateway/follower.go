// Package gateway is a Gateway of the Gateway API for tests: a controller that follows the HTTPRoutes of a namespace, as
// those of the field do, and HAProxy as the proxy that it lets follow. No implementation that is written for Kubernetes can
// be built here: Envoy is not to be had, and Traefik's modules are not all served.
package gateway

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Proxy is what requests go through.
type Proxy interface {
	// Send lets the requests to a host go to a Service.
	Send(ctx context.Context, host, service string) error
	// Drop ends that.
	Drop(ctx context.Context, host string) error
	// Refuses tells whether routes are not accepted.
	Refuses() bool
}

// Follower lets a proxy follow the HTTPRoutes of a namespace, and says in their status that it did.
type Follower struct {
	Client    client.WithWatch
	Namespace string
	Proxy     Proxy
	// Failed is told what went wrong.
	Failed func(error)
}

// Follow begins, and returns how to end it.
func (f Follower) Follow() (end func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	w, err := f.Client.Watch(ctx, &gatewayv1.HTTPRouteList{}, client.InNamespace(f.Namespace))
	if err != nil {
		cancel()
		return nil, fmt.Errorf("watching HTTPRoutes: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range w.ResultChan() {
			route, is := e.Object.(*gatewayv1.HTTPRoute)
			if !is {
				continue
			}
			if err := f.take(ctx, route, e.Type == "DELETED"); err != nil && ctx.Err() == nil {
				f.Failed(err)
			}
		}
	}()
	return func() {
		cancel()
		w.Stop()
		<-done
	}, nil
}

// take takes a route up. Its one rule has one backend, which is how the operator writes it.
func (f Follower) take(ctx context.Context, route *gatewayv1.HTTPRoute, gone bool) error {
	refused := f.Proxy.Refuses()
	for _, h := range route.Spec.Hostnames {
		var err error
		if gone || refused {
			err = f.Proxy.Drop(ctx, string(h))
		} else {
			err = f.Proxy.Send(ctx, string(h), string(route.Spec.Rules[0].BackendRefs[0].Name))
		}
		if err != nil {
			return fmt.Errorf("following HTTPRoute %s: %w", route.Name, err)
		}
	}
	if gone {
		return nil
	}
	return f.tell(ctx, route, refused)
}

// tell writes what a Gateway's controller writes about a route.
func (f Follower) tell(ctx context.Context, route *gatewayv1.HTTPRoute, refused bool) error {
	accepted, reason := metav1.ConditionTrue, "Accepted"
	if refused {
		accepted, reason = metav1.ConditionFalse, "NotAllowedByListeners"
	}
	if len(route.Status.Parents) > 0 {
		if c := route.Status.Parents[0].Conditions[0]; c.ObservedGeneration == route.Generation && c.Status == accepted {
			return nil // said already
		}
	}
	before := route.DeepCopy()
	condition := func(t string, status metav1.ConditionStatus, reason string) metav1.Condition {
		return metav1.Condition{Type: t, Status: status, Reason: reason, ObservedGeneration: route.Generation, LastTransitionTime: metav1.Now()}
	}
	route.Status.Parents = []gatewayv1.RouteParentStatus{{
		ParentRef: route.Spec.ParentRefs[0], ControllerName: "test.example/proxy",
		Conditions: []metav1.Condition{condition("Accepted", accepted, reason), condition("ResolvedRefs", metav1.ConditionTrue, "ResolvedRefs")},
	}}
	return client.IgnoreNotFound(f.Client.Status().Patch(ctx, route, client.MergeFrom(before)))
}
