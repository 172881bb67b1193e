package foresee

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/harness"
)

var acme = types.NamespacedName{Namespace: harness.Namespace, Name: "acme"}

// serving is a shop of which a release serves, and an operator that rests.
func serving(t *testing.T, change ...func(*v1alpha1.Shop)) *harness.World {
	t.Helper()
	w := harness.New()
	w.Install(change...)
	w.StartOperator()
	w.Rest()
	t.Cleanup(w.Close)
	return w
}

func edited(w *harness.World, service string, change func(*v1alpha1.ShopServiceSpec)) client.Object {
	s := w.Store.Get("ShopService", harness.Namespace, service).DeepCopyObject().(*v1alpha1.ShopService)
	change(&s.Spec)
	return s
}

// told is a foresight in some lines.
func told(f Foresight) (out []string) {
	for _, s := range f.Diff {
		for _, c := range s.Changes {
			out = append(out, fmt.Sprintf("%s %s %s %s", s.Service, c.Field, c.Op, c.To))
		}
	}
	for _, s := range f.Steps {
		out = append(out, strings.TrimSpace(s.What+" "+s.Warning))
	}
	if f.Refused != "" {
		out = append(out, "refused "+string(f.Refused))
	}
	return out
}

func foreseen(t *testing.T, w *harness.World, r Request) Foresight {
	t.Helper()
	r.Shop = acme
	before := len(w.Store.Journal())
	f, err := Foresee(t.Context(), reads(w), w.Now, r)
	if err != nil {
		t.Fatal(err)
	}
	if wrote := w.Store.Journal()[before:]; len(wrote) > 0 {
		t.Errorf("it wrote %v", wrote)
	}
	return f
}

func TestWhatIsForeseenOfAChange(t *testing.T) {
	manual := func(s *v1alpha1.Shop) { s.Spec.Release.Promotion = v1alpha1.PromotionManual }
	for name, x := range map[string]struct {
		shop   func(*v1alpha1.Shop)
		change func(*harness.World) []client.Object
		want   []string
	}{
		"nothing": {nil, func(*harness.World) []client.Object { return nil }, nil},
		"a new image": {nil, func(w *harness.World) []client.Object {
			return []client.Object{edited(w, "cart", func(s *v1alpha1.ShopServiceSpec) { s.Image = "cart:2" })}
		}, []string{"cart image changed cart:2", "settle", "start", "switch", "retire"}},
		"a person approves": {manual, func(w *harness.World) []client.Object {
			return []client.Object{edited(w, "cart", func(s *v1alpha1.ShopServiceSpec) { s.Image = "cart:2" })}
		}, []string{"cart image changed cart:2", "settle", "start", "approval"}},
		"a migration and a check": {func(s *v1alpha1.Shop) { s.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "smoke:1"}} }, func(w *harness.World) []client.Object {
			return []client.Object{edited(w, "cart", func(s *v1alpha1.ShopServiceSpec) {
				s.Image, s.Migration = "cart:2", &v1alpha1.Migration{Args: []string{"migrate"}, Irreversible: true}
			})}
		}, []string{"cart image changed cart:2", "cart migration added " + `{"args":["migrate"],"irreversible":true}`, "settle", "migrate irreversible: closes the way back to A", "start", "check", "switch", "retire"}},
		"only the number of pods": {nil, func(w *harness.World) []client.Object {
			return []client.Object{edited(w, "storefront", func(s *v1alpha1.ShopServiceSpec) { s.Replicas = ptr.To[int32](5) })}
		}, nil},
		"a service that nobody has": {nil, func(w *harness.World) []client.Object {
			return []client.Object{edited(w, "cart", func(s *v1alpha1.ShopServiceSpec) { s.DependsOn = []string{"tax"} })}
		}, []string{"cart dependsOn added " + `["tax"]`, "settle", "refused InvalidServices"}},
		"no room": {nil, func(w *harness.World) []client.Object {
			w.User().Create(&corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: harness.Namespace, Name: "compute"}, Status: corev1.ResourceQuotaStatus{
				Hard: corev1.ResourceList{"pods": resource.MustParse("5")}, Used: corev1.ResourceList{"pods": resource.MustParse("5")}}})
			return []client.Object{edited(w, "cart", func(s *v1alpha1.ShopServiceSpec) { s.Image = "cart:2" })}
		}, []string{"cart image changed cart:2", "settle", "start ResourceQuota compute has 0 of pods left, and it takes 4", "refused QuotaExceeded"}},
	} {
		t.Run(name, func(t *testing.T) {
			var change []func(*v1alpha1.Shop)
			if x.shop != nil {
				change = append(change, x.shop)
			}
			w := serving(t, change...)
			f := foreseen(t, w, Request{Objects: x.change(w)})
			got := told(f)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], f.Active, "A")
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("it foresees %q, want %q (%s)", got, x.want, f.Why)
			}
			if f.Changes != (len(x.want) > 0) {
				t.Errorf("changes: %t", f.Changes)
			}
		})
	}
}

func TestARollbackThatIsRefusedIsForeseen(t *testing.T) {
	w := serving(t)
	f := foreseen(t, w, Request{To: "acme-00000000"})
	if f.Refused != v1alpha1.ReasonRollbackRefused || !strings.Contains(f.Why, "of which no ShopRelease is left") {
		t.Errorf("refused %q: %s", f.Refused, f.Why)
	}
}

func TestGoingBackIsForeseen(t *testing.T) {
	w := serving(t)
	first := w.Shop().Status.Active.Release
	w.Image("cart", "cart:2")
	w.Until(func() bool { return w.Shop().Status.Active.Release != first })
	f := foreseen(t, w, Request{To: first})
	if f.Release != first || !f.Exists || !f.Changes || f.Refused != "" || f.Steps[len(f.Steps)-1].What != "retire" {
		t.Errorf("it foresees %+v", f)
	}
}

// forbidding lets nobody read Secrets.
type forbidding struct {
	Cluster
	kind string
}

func (f forbidding) Get(ctx context.Context, key client.ObjectKey, out client.Object, opts ...client.GetOption) error {
	if kindOf(f.Scheme(), out) == f.kind {
		return apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, key.Name, nil)
	}
	return f.Cluster.Get(ctx, key, out, opts...)
}

func (f forbidding) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if kindOf(f.Scheme(), list) == f.kind+"List" {
		return apierrors.NewForbidden(schema.GroupResource{Resource: "things"}, "", nil)
	}
	return f.Cluster.List(ctx, list, opts...)
}

func TestWhatMayNotBeReadIsNotedAndTheRestIsForeseen(t *testing.T) {
	w := serving(t)
	for kind, says := range map[string]string{"Pod": "Pod objects", "Deployment": "Deployment objects", "ResourceQuota": "ResourceQuota objects", "ServiceAccount": "ServiceAccount acme-front-door (you may not get it)"} {
		f, err := Foresee(t.Context(), forbidding{reads(w), kind}, w.Now, Request{Shop: acme})
		if err != nil || !strings.Contains(strings.Join(f.Notes, "; "), says) {
			t.Errorf("%s: %v, %v", kind, f.Notes, err)
		}
	}
	if _, err := Foresee(t.Context(), forbidding{reads(w), "ShopService"}, w.Now, Request{Shop: acme}); !apierrors.IsForbidden(err) {
		t.Errorf("without ShopServices: %v", err)
	}
}

func TestWithoutItsSecretsAReleaseHasNoName(t *testing.T) {
	w := serving(t)
	w.User().Create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: harness.Namespace, Name: "keys", Annotations: map[string]string{v1alpha1.AnnotationAllowedServices: "*"}}, Data: map[string][]byte{"k": []byte("v")}})
	change := edited(w, "cart", func(s *v1alpha1.ShopServiceSpec) {
		s.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "keys"}}}}
	})
	f, err := Foresee(t.Context(), forbidding{reads(w), "Secret"}, w.Now, Request{Shop: acme, Objects: []client.Object{change}})
	if err != nil || f.Release != "acme-"+Unknown || !strings.Contains(strings.Join(f.Notes, "; "), "Secret keys") {
		t.Errorf("%s, %v: %v", f.Release, f.Notes, err)
	}
}

// TestWithoutItsSecretsNothingIsRefusedOrChangedOnAGuess: cart of this shop takes a Secret that allows it, and nothing changes.
func TestWithoutItsSecretsNothingIsRefusedOrChangedOnAGuess(t *testing.T) {
	w := serving(t)
	f, err := Foresee(t.Context(), forbidding{reads(w), "Secret"}, w.Now, Request{Shop: acme})
	if err != nil || f.Changes || f.Refused != "" || len(f.Diff) > 0 || f.Release != f.Active {
		t.Errorf("nothing was changed, and it foresees %+v: %v", f, err)
	}
	change := edited(w, "cart", func(s *v1alpha1.ShopServiceSpec) { s.Image = "cart:2" })
	f, err = Foresee(t.Context(), forbidding{reads(w), "Secret"}, w.Now, Request{Shop: acme, Objects: []client.Object{change}})
	if got := told(f); err != nil || !slices.Equal(got, []string{"cart image changed cart:2", "settle", "start", "switch", "retire"}) || f.Release != "acme-"+Unknown {
		t.Errorf("an image was changed, and it foresees %q of %s: %v", got, f.Release, err)
	}
}

func TestARefusalOfAFileIsToldFromAQuestionThatWasNotAnswered(t *testing.T) {
	gr := schema.GroupResource{Group: "shop.emporium.dev", Resource: "shopservices"}
	for name, x := range map[string]struct {
		err     error
		refused bool
	}{
		"a rule of the schema": {apierrors.NewInvalid(schema.GroupKind{}, "cart", nil), true},
		"an admission policy":  {apierrors.NewForbidden(gr, "cart", errors.New("ValidatingAdmissionPolicy denied it")), true},
		"no right to patch":    {apierrors.NewForbidden(gr, "cart", errors.New(`User "ana" cannot patch resource "shopservices"`)), false},
		"a timeout":            {apierrors.NewTimeoutError("slow", 1), false},
		"no connection":        {errors.New("connection refused"), false},
	} {
		got := (*Refused)(nil)
		if is := errors.As(refused("ShopService cart", x.err), &got); is != x.refused {
			t.Errorf("%s: refused %t", name, is)
		}
	}
}

func TestKindsOfOthersAreNoPartOfARelease(t *testing.T) {
	for apiVersion, want := range map[string]bool{"v1": true, "shop.emporium.dev/v1alpha1": true, "other.example/v1": false} {
		u := &unstructured.Unstructured{}
		u.SetAPIVersion(apiVersion)
		u.SetKind("Secret")
		if concerned(u) != want {
			t.Errorf("a Secret of %s: %t", apiVersion, !want)
		}
	}
}
