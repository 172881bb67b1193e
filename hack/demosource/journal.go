package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// sight is an object of the shop's namespace as a watch told of it, and when. Kubernetes itself writes whole seconds.
type sight struct {
	at     time.Time
	object client.Object
}

// journal keeps all sights in their order.
type journal struct {
	mutex  sync.Mutex
	sights []sight
	// more is closed, and made anew, with each sight.
	more chan struct{}
}

func (j *journal) note(object any) {
	seen, is := object.(client.Object)
	if !is {
		return // of an object that was deleted while the watch was broken
	}
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.sights = append(j.sights, sight{time.Now(), seen})
	close(j.more)
	j.more = make(chan struct{})
}

func (j *journal) read() ([]sight, <-chan struct{}) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.sights[:len(j.sights):len(j.sights)], j.more
}

// await looks at all sights with each new one, until they show something or an error.
func (j *journal) await(ctx context.Context, what string, patience time.Duration, shows func([]sight) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		sights, more := j.read()
		if done, err := shows(sights); err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-more:
		}
	}
}

// follow begins to watch, and returns when what is there was seen.
func follow(ctx context.Context, kubeconfig string) (*journal, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	watches, err := cache.New(config, cache.Options{Scheme: scheme, DefaultNamespaces: map[string]cache.Config{namespace: {}}})
	if err != nil {
		return nil, fmt.Errorf("watching the shop: %w", err)
	}
	j := &journal{more: make(chan struct{})}
	go func() { _ = watches.Start(ctx) }() // it ends with the context
	for _, kind := range []client.Object{&v1alpha1.ShopSource{}, &v1alpha1.Shop{}, &v1alpha1.ShopRelease{}, &v1alpha1.ShopService{}, &batchv1.Job{}, &corev1.Pod{}} {
		informer, err := watches.GetInformer(ctx, kind)
		if err == nil {
			_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
				AddFunc: j.note, UpdateFunc: func(_, now any) { j.note(now) },
			})
		}
		if err != nil {
			return nil, fmt.Errorf("watching the shop: %w", err)
		}
	}
	if !watches.WaitForCacheSync(ctx) {
		return nil, fmt.Errorf("watching the shop: %w", ctx.Err())
	}
	return j, nil
}
