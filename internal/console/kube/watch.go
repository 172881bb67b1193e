package kube

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// watched are the kinds whose changes a page shows. Pods come and go with the status of their Deployment.
var watched = []schema.GroupVersionResource{
	v1alpha1.GroupVersion.WithResource("shops"),
	v1alpha1.GroupVersion.WithResource("shopservices"),
	v1alpha1.GroupVersion.WithResource("shopreleases"),
	appsv1.SchemeGroupVersion.WithResource("deployments"),
}

// watchTime is how long the API server keeps a watch, in seconds: each begins with what is there, so that none of the
// changes between two is missed.
const watchTime = 600

// Watch calls changed for each change, with metadata alone: what changed is read by the page. Kinds that may not be watched
// are left out; without shops there is nothing to show.
func (p *Person) Watch(ctx context.Context, namespace string, changed func()) error {
	group, ctx := errgroup.WithContext(ctx)
	for i, kind := range watched {
		group.Go(func() error {
			err := p.follow(ctx, kind, namespace, changed)
			if i > 0 && apierrors.IsForbidden(err) {
				<-ctx.Done()
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

// errEnded ends the other watches with one that ended: all begin again together.
var errEnded = fmt.Errorf("the watch ended")

func (p *Person) follow(ctx context.Context, kind schema.GroupVersionResource, namespace string, changed func()) error {
	w, err := p.metadata.Resource(kind).Namespace(namespace).Watch(ctx, metav1.ListOptions{TimeoutSeconds: ptr.To[int64](watchTime)})
	if err != nil {
		return fmt.Errorf("watching %s: %w", kind.Resource, err)
	}
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event, open := <-w.ResultChan():
			switch {
			case !open:
				return errEnded
			case event.Type == watch.Error:
				return apierrors.FromObject(event.Object)
			}
			changed()
		}
	}
}
