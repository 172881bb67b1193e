package harness

import (
	"context"
	"fmt"
	"reflect"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// testManager hands the operator's Setup what it asks a manager for, and keeps the controllers
// that Setup makes. What it does not have panics: then Setup asks for something new.
type testManager struct {
	manager.Manager
	client      *cluster.Client
	cache       *cluster.Cache
	controllers []manager.Runnable
}

func (m *testManager) GetScheme() *runtime.Scheme           { return cluster.Scheme() }
func (m *testManager) GetCache() cache.Cache                { return m.cache }
func (m *testManager) GetClient() client.Client             { return m.client }
func (m *testManager) GetAPIReader() client.Reader          { return cluster.Live{Store: m.client.Store} }
func (m *testManager) GetFieldIndexer() client.FieldIndexer { return m.cache }
func (m *testManager) GetRESTMapper() meta.RESTMapper       { return m.client.RESTMapper() }
func (m *testManager) GetLogger() logr.Logger               { return logr.Discard() }
func (m *testManager) Elected() <-chan struct{}             { return make(chan struct{}) }
func (m *testManager) Add(r manager.Runnable) error {
	m.controllers = append(m.controllers, r)
	return nil
}
func (m *testManager) GetControllerOptions() config.Controller {
	return config.Controller{SkipNameValidation: ptr.To(true)}
}

// watch starts the sources of the controllers that Setup made, with the harness's queue and
// without workers: what wakes the operator is what Setup said, and nothing else. They share the
// queue, since passes of one shop are made one after the other, whichever queue they come from.
func (m *testManager) watch(ctx context.Context, q *queue) error {
	for _, c := range m.controllers {
		if err := watch(ctx, c, q); err != nil {
			return err
		}
	}
	return nil
}

func watch(ctx context.Context, made manager.Runnable, q *queue) error {
	c := reflect.ValueOf(made)
	if c.Kind() != reflect.Pointer {
		return fmt.Errorf("the controller is a %T, whose queue cannot be set", made)
	}
	hand := func(_ string, limiter workqueue.TypedRateLimiter[ctrl.Request]) workqueue.TypedRateLimitingInterface[ctrl.Request] {
		q.limiter = limiter
		return q
	}
	c.Elem().FieldByName("NewQueue").Set(reflect.ValueOf(hand))
	c.Elem().FieldByName("EnableWarmup").Set(reflect.ValueOf(ptr.To(true)))
	warm, ok := made.(interface{ Warmup(context.Context) error })
	if !ok {
		return fmt.Errorf("%T has no Warmup, which starts its sources", made)
	}
	return warm.Warmup(ctx)
}
