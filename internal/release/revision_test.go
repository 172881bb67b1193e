package release

import (
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// notInTheRevision are the fields of a ShopService that change nothing in its pods' template: their
// change is applied to the stacks that run.
var notInTheRevision = map[string]string{
	"replicas":         "applied live",
	"autoscaling":      "applied live",
	"disruptionBudget": "applied live",
	"shop":             "the Shop's own name stands in the release",
	"imageFrom":        "the image that it stands for is, which FromSources puts in its place",

	"routes.allowedServices": "says who may have a path below, not what runs",
}

// existing knows every ConfigMap and Secret that the filled service names.
func existing() map[Ref]string {
	out := map[Ref]string{}
	for _, kind := range []v1alpha1.ConfigKind{v1alpha1.ConfigMapKind, v1alpha1.SecretKind} {
		for _, name := range []string{"a", "b"} {
			out[Ref{kind, name}] = strings.Repeat("0", 16)
		}
	}
	return out
}

func nameOf(t *testing.T, shop *v1alpha1.Shop, services ...v1alpha1.ShopService) string {
	t.Helper()
	s, err := Take(shop, services, existing())
	if err != nil {
		t.Fatal(err)
	}
	return s.Name
}

func acme() *v1alpha1.Shop {
	return &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}
}

func richService() v1alpha1.ShopService {
	return v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: "cart"}, Spec: *filled[v1alpha1.ShopServiceSpec]()}
}

func TestEveryFieldOfAServiceIsANewReleaseButThoseOfItsScale(t *testing.T) {
	was := nameOf(t, acme(), richService())
	fields := 0
	service := richService()
	eachLeaf(reflect.ValueOf(&service.Spec).Elem(), "", func(path string, _ func()) {
		fields++
		changed := richService()
		changeAt(&changed.Spec, path)
		_, live := notInTheRevision[strings.Split(path, ".")[0]]
		if _, except := notInTheRevision[path]; except {
			live = true
		}
		if is := nameOf(t, acme(), changed); (is == was) != live {
			t.Errorf("spec.%s changed: the release is another one: %t, want %t", path, is != was, !live)
		}
	})
	if fields < 100 {
		t.Errorf("only %d fields were found: the walk over the types is broken", fields)
	}
}

func changeAt(spec *v1alpha1.ShopServiceSpec, at string) {
	eachLeaf(reflect.ValueOf(spec).Elem(), "", func(path string, change func()) {
		if path == at {
			change()
		}
	})
}

func TestADefaultOfTheShopIsANewRelease(t *testing.T) {
	plain := v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: "cart"}}
	with := func(d *v1alpha1.ServiceDefaults) *v1alpha1.Shop {
		shop := acme()
		shop.Spec.Defaults = *d
		return shop
	}
	was := nameOf(t, with(filled[v1alpha1.ServiceDefaults]()), plain)
	d := filled[v1alpha1.ServiceDefaults]()
	eachLeaf(reflect.ValueOf(d).Elem(), "", func(at string, _ func()) {
		changed := filled[v1alpha1.ServiceDefaults]()
		eachLeaf(reflect.ValueOf(changed).Elem(), "", func(path string, change func()) {
			if path == at {
				change()
			}
		})
		if nameOf(t, with(changed), plain) == was {
			t.Errorf("spec.defaults.%s changed, and the release is the same", at)
		}
	})
}

func TestWhatElseMakesARelease(t *testing.T) {
	cart, other := richService(), richService()
	other.Name = "catalog"
	was := nameOf(t, acme(), cart)
	if nameOf(t, acme(), cart, other) == was {
		t.Error("a service more is no new release")
	}
	versioned := acme()
	versioned.Spec.Release.Version = "2"
	if nameOf(t, versioned, cart) == was {
		t.Error("another version of the shop is no new release")
	}
	if nameOf(t, acme(), cart, other) != nameOf(t, acme(), other, cart) {
		t.Error("the order in which services are read makes a release")
	}
	rotated := existing()
	rotated[Ref{v1alpha1.SecretKind, "a"}] = strings.Repeat("1", 16)
	if s, err := Take(acme(), []v1alpha1.ShopService{cart}, rotated); err != nil || s.Name == was {
		t.Errorf("another content of a Secret is no new release: %v", err)
	}
}

func TestTheRenderVersionIsRecordedAndIsNoPartOfTheRevision(t *testing.T) {
	s, err := Take(acme(), []v1alpha1.ShopService{richService()}, existing())
	if err != nil || s.Spec.RenderVersion != CurrentRenderVersion {
		t.Errorf("render version %d, want %d: %v", s.Spec.RenderVersion, CurrentRenderVersion, err)
	}
	for _, version := range []int32{0, 1, CurrentRenderVersion + 1} {
		spec := *s.Spec.DeepCopy()
		spec.RenderVersion, spec.Revision = version, ""
		if got, err := revisionOf(spec); err != nil || got != s.Spec.Revision {
			t.Errorf("rendered as version %d, the revision is %s, not %s: %v", version, got, s.Spec.Revision, err)
		}
	}
}
