package harness

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// mostAsked is what a release of twenty services may ask of the API: with its retirement, a Secret for
// each service, every event, and, since each service calls another, a NetworkPolicy for each. `go run ./hack/benchscale
// -count` counts at a real API server, where no service calls another: 19 fewer.
const mostAsked = 145

// bill counts what an operator asks of the API, by what it is.
type bill struct {
	mu    sync.Mutex
	asked map[string]int
}

func (b *bill) add(verb string, what any, dryRun bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	line := fmt.Sprintf("%s %v", verb, what)
	if dryRun {
		line += " (dry run)"
	}
	b.asked[line]++
}

func (b *bill) total() (n int) {
	for _, times := range b.asked {
		n += times
	}
	return n
}

func (b *bill) String() string {
	var out strings.Builder
	for _, what := range slices.SortedFunc(maps.Keys(b.asked), func(x, y string) int { return cmp.Or(b.asked[y]-b.asked[x], cmp.Compare(x, y)) }) {
		fmt.Fprintf(&out, "\n%5d  %s", b.asked[what], what)
	}
	return out.String()
}

// billed reads past the caches, and each look is a request.
type billed struct {
	client.Reader
	bill *bill
}

func (l billed) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	l.bill.add("get", fmt.Sprintf("%T", o), false)
	return l.Reader.Get(ctx, key, o, opts...)
}

func (l billed) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	l.bill.add("list", fmt.Sprintf("%T", list), false)
	return l.Reader.List(ctx, list, opts...)
}

// twenty is a shop of twenty services with a Secret each, of which every one calls the one before it.
func twenty(b *bill) *World {
	w := New()
	w.Rig = func(o *Operator) {
		o.Client.OnCall = func(c cluster.Call) cluster.Fault {
			b.add(c.Verb, c.Key.Kind, c.DryRun)
			return cluster.Fault{}
		}
		o.Reconciler.Writer.Live = billed{o.Reconciler.Writer.Live, b}
		o.Reconciler.Reader.Configs.Live = billed{o.Reconciler.Reader.Configs.Live, b}
	}
	w.Install()
	w.Edit("storefront", func(s *v1alpha1.ShopServiceSpec) { s.Routes[0].AllowedServices = []string{"*"} })
	for i := range 18 { // beside storefront and cart
		w.User().Create(secretOf(i))
		w.User().Create(calling(i))
	}
	w.StartOperator()
	w.Rest()
	return w
}

func nameOf(i int) string { return fmt.Sprintf("s%02d", i) }

func secretOf(i int) *corev1.Secret {
	name := nameOf(i)
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace, Annotations: map[string]string{v1alpha1.AnnotationAllowedServices: name}},
		Data:       map[string][]byte{"TOKEN": []byte(name)},
	}
}

func calling(i int) *v1alpha1.ShopService {
	s := service(nameOf(i), nameOf(i)+":1", "/"+nameOf(i))
	s.Spec.Replicas, s.Spec.Env = ptr.To[int32](1), []corev1.EnvVar{{Name: "BUILD", Value: "1"}}
	s.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: nameOf(i)}}}}
	if i > 0 {
		s.Spec.DependsOn = []string{nameOf(i - 1)}
	}
	return s
}

func TestAReleaseOfTwentyServicesCostsFewRequests(t *testing.T) {
	b := &bill{asked: map[string]int{}}
	w := twenty(b)
	defer w.Close()
	before, told := w.active(t).Name, len(w.Operators[0].Events)
	b.asked = map[string]int{}
	for _, s := range w.Store.All("ShopService") {
		w.Edit(s.GetName(), func(s *v1alpha1.ShopServiceSpec) { s.Env = []corev1.EnvVar{{Name: "BUILD", Value: "2"}} })
	}
	w.Rest()
	for range len(w.Operators[0].Events) - told {
		b.add("create", "Event", false)
	}
	if now := w.active(t).Name; now == before {
		t.Fatal("nothing was released")
	}
	for _, d := range w.Store.All("Deployment") {
		if strings.HasSuffix(d.GetName(), strings.TrimPrefix(before, Shop)) {
			t.Errorf("%s of the release before was not retired", d.GetName())
		}
	}
	w.Check(t, "a release of twenty services")
	t.Logf("%d requests:%s", b.total(), b)
	if n := b.total(); n > mostAsked {
		t.Errorf("a release costs %d requests, more than %d: what is new in the list above?", n, mostAsked)
	}
}
