package release

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func fromSource(service, source string) v1alpha1.ShopService {
	return v1alpha1.ShopService{
		ObjectMeta: metav1.ObjectMeta{Name: service},
		Spec:       v1alpha1.ShopServiceSpec{Shop: "acme", ImageFrom: &v1alpha1.ImageSource{Source: source}},
	}
}

// built is a source with an image of a commit.
func built(name, commit, image string) *v1alpha1.ShopSource {
	return &v1alpha1.ShopSource{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status:     v1alpha1.ShopSourceStatus{Latest: &v1alpha1.BuiltImage{Commit: commit, Version: commit[:4], Image: image}},
	}
}

// snapshotFrom is the snapshot of services whose sources are these.
func snapshotFrom(t *testing.T, services []v1alpha1.ShopService, sources ...*v1alpha1.ShopSource) Snapshot {
	t.Helper()
	known := map[string]*v1alpha1.ShopSource{}
	for _, s := range sources {
		known[s.Name] = s
	}
	resolved, refused := FromSources(services, known)
	s, err := Take(acme(), resolved, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Record(resolved, known)
	s.Add(refused)
	return s
}

func TestAServiceFromASourceIsReleasedWithTheImageThatWasBuiltLast(t *testing.T) {
	services := []v1alpha1.ShopService{fromSource("cart", "cart"), fromSource("cart-events", "cart")}
	s := snapshotFrom(t, services, built("cart", "aaaa1111", "reg.example/cart@sha256:1"))
	for _, svc := range s.Spec.Services {
		if svc.Image != "reg.example/cart@sha256:1" || svc.Source == nil || svc.Source.Commit != "aaaa1111" || svc.Source.Version != "aaaa" {
			t.Errorf("%s is released with %q from %v", svc.Name, svc.Image, svc.Source)
		}
	}
	if len(s.Spec.Services) != 2 || len(s.Problems) != 0 {
		t.Errorf("services: %d, problems: %v", len(s.Spec.Services), s.Problems)
	}
	if services[0].Spec.Image != "" {
		t.Error("the ShopService itself was changed: it is the cache's")
	}
}

func TestACommitThatChangesNoImageMakesNoRelease(t *testing.T) {
	services := []v1alpha1.ShopService{fromSource("cart", "cart")}
	one := snapshotFrom(t, services, built("cart", "aaaa1111", "reg.example/cart@sha256:1"))
	other := snapshotFrom(t, services, built("cart", "bbbb2222", "reg.example/cart@sha256:1"))
	another := snapshotFrom(t, services, built("cart", "cccc3333", "reg.example/cart@sha256:2"))
	if one.Name != other.Name {
		t.Errorf("the same image of another commit is release %s, and was %s", other.Name, one.Name)
	}
	if one.Name == another.Name {
		t.Error("another image is the same release")
	}
}

func TestAnImageFromASourceAndTheSameImageAreOneRelease(t *testing.T) {
	image := "reg.example/cart@sha256:1"
	named := fromSource("cart", "cart")
	named.Spec.ImageFrom, named.Spec.Image = nil, image
	from := snapshotFrom(t, []v1alpha1.ShopService{fromSource("cart", "cart")}, built("cart", "aaaa1111", image))
	if is := snapshotFrom(t, []v1alpha1.ShopService{named}); is.Name != from.Name {
		t.Errorf("the image by name is release %s, from its source %s", is.Name, from.Name)
	}
}

func TestAServiceWithoutAnImageSaysWhatItsSourceWaitsFor(t *testing.T) {
	failing := &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Name: "cart"}}
	failing.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Status: metav1.ConditionFalse, Reason: "TestsFailed", Message: "commit aaaa1111: tests failed"}}
	for name, x := range map[string]struct {
		sources []*v1alpha1.ShopSource
		want    string
	}{
		"there is no such source":   {nil, "ShopService cart: spec.imageFrom names ShopSource cart, which does not exist; create it"},
		"nothing was seen of it":    {[]*v1alpha1.ShopSource{{ObjectMeta: metav1.ObjectMeta{Name: "cart"}}}, "has no image yet; kubectl get shopsource cart -o wide"},
		"its first commit is wrong": {[]*v1alpha1.ShopSource{failing}, "has no image yet: commit aaaa1111: tests failed"},
	} {
		s := snapshotFrom(t, []v1alpha1.ShopService{fromSource("cart", "cart")}, x.sources...)
		if len(s.Problems) != 1 || !strings.Contains(s.Problems[0], x.want) {
			t.Errorf("%s: the problems are %q, want %q", name, s.Problems, x.want)
		}
		if len(s.Refused) != 1 || s.Refused[0].Service != "cart" {
			t.Errorf("%s: it is told of %v, want it of cart", name, s.Refused)
		}
	}
}

func TestAnImageThatWasBuiltOnceServesOnWhateverFailsLater(t *testing.T) {
	source := built("cart", "aaaa1111", "reg.example/cart@sha256:1")
	was := snapshotFrom(t, []v1alpha1.ShopService{fromSource("cart", "cart")}, source).Name
	source.Status.Failed = &v1alpha1.FailedBuild{Commit: "bbbb2222", Reason: v1alpha1.ReasonTestsFailed}
	source.Status.Commit = "bbbb2222"
	if is := snapshotFrom(t, []v1alpha1.ShopService{fromSource("cart", "cart")}, source); is.Name != was || len(is.Problems) > 0 {
		t.Errorf("a commit that failed makes release %s of %s, problems %v", is.Name, was, is.Problems)
	}
}
