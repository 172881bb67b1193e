package gather

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Watcher hears of changes.
type Watcher struct {
	// API as the person.
	API client.WithWatch
	// Pause is how long to wait before a watch is opened again that ended or failed at once, at first; it grows to 30 times of
	// that. Unset: a second.
	Pause time.Duration
}

// Shop puts a value into changed whenever something of the shop may have changed: the Shop, its releases, its Deployments.
// A value stands for all changes since it was taken out; the channel has room for one. It returns when ctx ends, or when the Shop
// may not be watched; what else may not be watched is left out. Alone: the Shop only.
func (w *Watcher) Shop(ctx context.Context, key types.NamespacedName, alone bool, changed chan<- struct{}) error {
	within := client.InNamespace(key.Namespace)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := w.follow(ctx, changed, &v1alpha1.ShopList{}, within, client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", key.Name)})
		if apierrors.IsForbidden(err) {
			return fmt.Errorf("watching Shop %s in namespace %s: %w", key.Name, key.Namespace, err)
		}
		return err
	})
	if !alone {
		group.Go(func() error { return notForbidden(w.follow(ctx, changed, &v1alpha1.ShopReleaseList{}, within)) })
		group.Go(func() error {
			return notForbidden(w.follow(ctx, changed, &appsv1.DeploymentList{}, within, client.MatchingLabels{frontdoor.LabelShop: key.Name}))
		})
	}
	return group.Wait()
}

// follow opens a watch again whenever it ends, as API servers let them after some minutes. What happened in between is not heard
// of, so that each beginning counts as a change.
func (w *Watcher) follow(ctx context.Context, changed chan<- struct{}, list client.ObjectList, options ...client.ListOption) error {
	backoff := wait.Backoff{Duration: w.pause(), Factor: 2, Steps: 5, Cap: 30 * w.pause(), Jitter: 0.2}
	return backoff.DelayFunc().Until(ctx, true, true, func(ctx context.Context) (bool, error) {
		open, err := w.API.Watch(ctx, list, options...)
		if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
			return false, err
		}
		if err == nil {
			tell(changed)
			hear(ctx, open, changed)
		}
		return false, nil
	})
}

func (w *Watcher) pause() time.Duration {
	if w.Pause > 0 {
		return w.Pause
	}
	return time.Second
}

func hear(ctx context.Context, open apiwatch.Interface, changed chan<- struct{}) {
	defer open.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event, more := <-open.ResultChan():
			if !more || event.Type == apiwatch.Error {
				return
			}
			tell(changed)
		}
	}
}

func tell(changed chan<- struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

func notForbidden(err error) error {
	if apierrors.IsForbidden(err) {
		return nil
	}
	return err
}
