package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/probe"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// Operator is one process of the operator.
type Operator struct {
	Client         *cluster.Client
	Cache, Sources *cluster.Cache
	Reconciler     *controllers.ShopReconciler
	// Passes counts the calls of Reconcile, and Errors what they returned.
	Passes int
	Errors []error
	// Events are what it told, one line each.
	Events []string

	manager *testManager
	queue   *queue
	stop    context.CancelFunc
	// drive makes a pass; nil: Reconcile does. frozen: one is under way and stands still.
	drive  func(ctrl.Request) (ctrl.Result, error)
	frozen atomic.Bool
}

// StartOperator starts a process of the operator, which reads the cluster as it is.
func (w *World) StartOperator() *Operator {
	w.started++
	ctx, stop := context.WithCancel(context.Background())
	o := &Operator{stop: stop, queue: newQueue(w.Clock)}
	caches := controllers.CacheOptions()
	o.Cache = cluster.NewCache(w.Store, caches)
	o.Sources = cluster.NewCache(w.Store, controllers.SourceCacheOptions())
	o.Cache.Delay, o.Sources.Delay = w.Delay, w.Delay
	o.Cache.Shuffle = w.Shuffle
	o.Client = &cluster.Client{Reader: o.Cache, Store: w.Store, Who: fmt.Sprintf("operator-%d", w.started), OnCall: w.OnCall}
	live := &cluster.Client{Reader: cluster.Live{Store: w.Store}, Store: w.Store, Who: o.Client.Who}
	metrics := controllers.NewMetrics(prometheus.NewRegistry())
	o.Reconciler = &controllers.ShopReconciler{
		Reader: &observe.Reader{
			Cache: o.Client, Configs: &observe.Configs{Metadata: o.Sources, Live: live, Copies: o.Client},
			Prober: &probe.Prober{Asker: probe.HTTP{}, Now: w.operatorClock},
		},
		Writer:         &apply.Writer{Client: o.Client, Live: live, Writes: metrics.Writes, AtOnce: w.AtOnce, Now: w.operatorClock},
		Metrics:        metrics,
		Recorder:       recorder{o},
		FrontDoorImage: "gateway:1",
		Now:            w.operatorClock,
		Progress:       &controllers.Progress{Now: w.operatorClock},
	}
	if w.Rig != nil {
		w.Rig(o)
	}
	o.manager = &testManager{client: o.Client, cache: o.Cache}
	err := o.Reconciler.Setup(ctx, o.manager, o.Sources)
	if err == nil {
		err = o.manager.watch(ctx, o.queue)
	}
	if err != nil {
		panic(fmt.Sprintf("starting the operator: %v", err))
	}
	for _, shop := range w.Store.All("Shop") { // a controller that starts looks at each once
		o.queue.Add(ctrl.Request{NamespacedName: keyOf(shop)})
	}
	w.Operators = append(w.Operators, o)
	return o
}

// pass makes one pass of an operator, if one is due.
func (w *World) pass(o *Operator) bool {
	if o.Client.Dead() || o.frozen.Load() {
		return false
	}
	req, due := o.queue.pop()
	if !due {
		return false
	}
	o.Passes++
	w.Always.beginPass(o)
	result, err := o.reconcile(req)
	switch {
	case o.Client.Dead():
	case err != nil:
		o.Errors = append(o.Errors, err)
		if !errors.Is(err, reconcile.TerminalError(nil)) {
			o.queue.AddRateLimited(req)
		}
	default:
		o.queue.Forget(req)
		if result.RequeueAfter > 0 {
			o.queue.AddAfter(req, result.RequeueAfter)
		}
	}
	return true
}

func (o *Operator) reconcile(req ctrl.Request) (ctrl.Result, error) {
	if o.drive != nil {
		return o.drive(req)
	}
	return o.Reconciler.Reconcile(context.Background(), req)
}

// Kill ends the process at once.
func (o *Operator) Kill() {
	o.Client.Kill()
	o.stop()
}

// recorder keeps events as lines.
type recorder struct{ operator *Operator }

func (r recorder) Eventf(about, _ runtime.Object, kind, reason, _, note string, args ...any) {
	line := fmt.Sprintf("%s %s %s", kind, reason, fmt.Sprintf(note, args...))
	r.operator.Events = append(r.operator.Events, strings.TrimSpace(line))
}
