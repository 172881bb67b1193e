package gather

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var acme = types.NamespacedName{Namespace: "acme", Name: "acme"}

func called(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{frontdoor.LabelShop: strings.Split(name, "-")[0]}}
}

// server holds two shops of one namespace, and one of another.
func server(t *testing.T, funcs interceptor.Funcs) client.WithWatch {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	var objects []client.Object
	for _, shop := range []types.NamespacedName{acme, {Namespace: "acme", Name: "shoes"}, {Namespace: "other", Name: "acme"}} {
		service := &v1alpha1.ShopService{ObjectMeta: called(shop.Namespace, "cart"+shop.Name)}
		service.Spec.Shop = shop.Name
		release := &v1alpha1.ShopRelease{ObjectMeta: called(shop.Namespace, shop.Name+"-aaaaaaaa")}
		release.Spec.Shop = shop.Name
		event := func(of string) *corev1.Event {
			return &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: shop.Namespace, Name: of + ".1"}, InvolvedObject: corev1.ObjectReference{Name: of}}
		}
		objects = append(objects, &v1alpha1.Shop{ObjectMeta: called(shop.Namespace, shop.Name)}, service, release,
			&appsv1.Deployment{ObjectMeta: called(shop.Namespace, shop.Name+"-cart-aaaaaaaa")}, &corev1.Pod{ObjectMeta: called(shop.Namespace, shop.Name+"-cart-aaaaaaaa-x")},
			event(shop.Name), event(shop.Name+"-aaaaaaaa"), event("cart"+shop.Name))
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithInterceptorFuncs(funcs).Build()
}

func reader(t *testing.T, funcs interceptor.Funcs) *Reader {
	return &Reader{API: server(t, funcs), Now: func() time.Time { return nine }}
}

func TestOnlyWhatBelongsToTheShopIsRead(t *testing.T) {
	for depth, events := range map[Depth]int{Matrix: 0, Whole: 3} {
		got, err := reader(t, interceptor.Funcs{}).Shop(context.Background(), acme, depth)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Services) != 1 || len(got.Releases) != 1 || len(got.Deployments) != 1 || len(got.Pods) != events/3 || len(got.Events) != events || len(got.Gaps) != 0 {
			t.Errorf("depth %d: %+v", depth, got)
		}
		if got.Services[0].Name != "cartacme" || got.Releases[0].Name != "acme-aaaaaaaa" || got.Now != nine {
			t.Errorf("depth %d: %+v", depth, got)
		}
	}
}

func TestPodsAreNeverListedAcrossTheCluster(t *testing.T) {
	look := interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
		o := (&client.ListOptions{}).ApplyOptions(options)
		if _, shops := list.(*v1alpha1.ShopList); o.Namespace == "" && !shops {
			t.Errorf("%T of the whole cluster", list)
		}
		return c.List(ctx, list, options...)
	}}
	r := reader(t, look)
	if _, err := r.Shop(context.Background(), acme, Whole); err != nil {
		t.Fatal(err)
	}
	for namespace, want := range map[string]int{"": 3, "acme": 2, "none": 0} {
		if shops, err := r.Shops(context.Background(), namespace); err != nil || len(shops) != want {
			t.Errorf("%q: %d %v", namespace, len(shops), err)
		}
	}
}

func failing(err error) interceptor.Funcs {
	return interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
		if _, deployments := list.(*appsv1.DeploymentList); deployments {
			return err
		}
		return c.List(ctx, list, options...)
	}}
}

func TestWhatIsNotThereForOneIsAGapAndWhatFailsIsAnError(t *testing.T) {
	resource := schema.GroupResource{Group: "apps", Resource: "deployments"}
	for name, x := range map[string]struct {
		err error
		gap string
	}{
		"forbidden":        {apierrors.NewForbidden(resource, "", errors.New("no")), "you may not list deployments"},
		"not served":       {apierrors.NewNotFound(resource, ""), "the cluster does not serve deployments"},
		"not signed in":    {apierrors.NewUnauthorized("who are you"), ""},
		"an overload":      {apierrors.NewTooManyRequests("later", 1), ""},
		"no answer":        {context.DeadlineExceeded, ""},
		"nothing is wrong": {nil, ""},
	} {
		got, err := reader(t, failing(x.err)).Shop(context.Background(), acme, Matrix)
		if (err != nil) != (x.err != nil && x.gap == "") {
			t.Errorf("%s: %v", name, err)
		}
		if x.gap == "" && len(got.Gaps) == 0 {
			continue
		}
		if len(got.Gaps) != 1 || got.Gaps[0].Why != x.gap || got.Gaps[0].Kind != "deployments" || got.Gaps[0].Namespace != "acme" || len(got.Services) != 1 {
			t.Errorf("%s: %+v", name, got.Gaps)
		}
	}
}

func TestAShopThatIsNotThereIsSaidWithTheWayToFindIt(t *testing.T) {
	_, err := reader(t, interceptor.Funcs{}).Shop(context.Background(), types.NamespacedName{Namespace: "acme", Name: "acne"}, Matrix)
	if err == nil || !strings.Contains(err.Error(), "there is no Shop acne in namespace acme: kubectl shop status -A lists all") {
		t.Error(err)
	}
}

// watching counts the watches of each kind, and says of each what becomes of it.
func watching(of func(list string, n int32) (apiwatch.Interface, error)) interceptor.Funcs {
	var shops, releases, deployments atomic.Int32
	return interceptor.Funcs{Watch: func(_ context.Context, _ client.WithWatch, list client.ObjectList, _ ...client.ListOption) (apiwatch.Interface, error) {
		switch list.(type) {
		case *v1alpha1.ShopList:
			return of("shops", shops.Add(1))
		case *v1alpha1.ShopReleaseList:
			return of("releases", releases.Add(1))
		}
		return of("deployments", deployments.Add(1))
	}}
}

func TestAWatchThatEndsIsOpenedAgainAndCountsAsAChange(t *testing.T) {
	opened := make(chan *apiwatch.FakeWatcher, 10)
	w := &Watcher{Pause: time.Millisecond, API: server(t, watching(func(string, int32) (apiwatch.Interface, error) {
		f := apiwatch.NewFake()
		opened <- f
		return f, nil
	}))}
	ctx, cancel := context.WithCancel(context.Background())
	changed, done := make(chan struct{}, 1), make(chan error, 1)
	go func() { done <- w.Shop(ctx, acme, true, changed) }()
	first := <-opened
	<-changed
	first.Modify(&v1alpha1.Shop{})
	<-changed
	first.Stop()
	second := <-opened
	<-changed
	second.Error(&metav1.Status{Code: 410}) // what it began at is too old: it begins anew
	third := <-opened
	<-changed
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !third.IsStopped() {
		t.Error("the API server goes on sending")
	}
}

func TestOnlyTheShopItselfHasToBeWatched(t *testing.T) {
	no := apierrors.NewForbidden(schema.GroupResource{Resource: "x"}, "", errors.New("no"))
	for name, x := range map[string]struct {
		forbidden string
		ends      bool
	}{"the shop": {"shops", true}, "its releases": {"releases", false}, "its Deployments": {"deployments", false}} {
		opened := make(chan string, 10)
		w := &Watcher{Pause: time.Millisecond, API: server(t, watching(func(list string, n int32) (apiwatch.Interface, error) {
			if list == x.forbidden {
				return nil, no
			}
			if n == 1 && list == "shops" {
				return nil, apierrors.NewTooManyRequests("later", 1) // which is no reason to end
			}
			opened <- list
			return apiwatch.NewFake(), nil
		}))}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- w.Shop(ctx, acme, false, make(chan struct{}, 1)) }()
		if x.ends {
			if err := <-done; !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "watching Shop acme in namespace acme") {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
			continue
		}
		both := []string{<-opened, <-opened}
		if slices.Sort(both); slices.Contains(both, x.forbidden) || !slices.Contains(both, "shops") {
			t.Errorf("%s: %v", name, both)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
