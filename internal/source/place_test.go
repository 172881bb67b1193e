package source_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

func shop(name string) v1alpha1.Shop {
	return v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func service(name, shop, from string) v1alpha1.ShopService {
	s := v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ShopServiceSpec{Shop: shop}}
	if from != "" {
		s.Spec.ImageFrom = &v1alpha1.ImageSource{Source: from}
	}
	return s
}

func TestASourceIsBuiltByTheShopOfTheServicesThatTakeItsImage(t *testing.T) {
	shops := []v1alpha1.Shop{shop("bazaar"), shop("acme")}
	for name, x := range map[string]struct {
		services []v1alpha1.ShopService
		shops    []v1alpha1.Shop
		want     string
	}{
		"its service's":               {[]v1alpha1.ShopService{service("wishlist", "bazaar", "wishlist")}, shops, "bazaar"},
		"of two, the first by name":   {[]v1alpha1.ShopService{service("b", "bazaar", "wishlist"), service("a", "acme", "wishlist")}, shops, "acme"},
		"another source's service":    {[]v1alpha1.ShopService{service("cart", "bazaar", "cart")}, shops, "acme"},
		"a service with an image":     {[]v1alpha1.ShopService{service("wishlist", "bazaar", "")}, shops, "acme"},
		"no service":                  {nil, shops, "acme"},
		"a service whose shop is not": {[]v1alpha1.ShopService{service("wishlist", "gone", "wishlist")}, shops, "acme"},
		"a shop that is not, and is":  {[]v1alpha1.ShopService{service("a", "gone", "wishlist"), service("b", "bazaar", "wishlist")}, shops, "bazaar"},
		"no shop":                     {[]v1alpha1.ShopService{service("wishlist", "bazaar", "wishlist")}, nil, ""},
	} {
		got := ""
		if s := source.ShopOf("wishlist", x.services, x.shops); s != nil {
			got = s.Name
		}
		if got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

func waiting(name string, latest, failed time.Duration) v1alpha1.ShopSource {
	s := v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Name: name}}
	s.Status.Conditions = []metav1.Condition{{Type: "Ready", Reason: "Queued"}}
	if latest > 0 {
		s.Status.Latest = &v1alpha1.BuiltImage{At: metav1.NewTime(clock.Add(latest))}
	}
	if failed > 0 {
		s.Status.Failed = &v1alpha1.FailedBuild{At: metav1.NewTime(clock.Add(failed))}
	}
	return s
}

func TestTheTurnIsThatOfTheSourceWhoseLastBuildIsTheLongestAgo(t *testing.T) {
	for name, x := range map[string]struct {
		of   []v1alpha1.ShopSource
		want string
	}{
		"nobody waits":      {nil, ""},
		"never built":       {[]v1alpha1.ShopSource{waiting("a", 1, 0), waiting("b", 0, 0)}, "b"},
		"built longer ago":  {[]v1alpha1.ShopSource{waiting("a", 2*time.Hour, 0), waiting("b", time.Hour, 0)}, "b"},
		"failed a while":    {[]v1alpha1.ShopSource{waiting("a", time.Hour, 3*time.Hour), waiting("b", 2*time.Hour, 0)}, "b"},
		"the same: by name": {[]v1alpha1.ShopSource{waiting("b", 0, 0), waiting("a", 0, 0)}, "a"},
	} {
		if got := source.First(x.of); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// TestEachSourceOfASlotGetsItsTurn: one that is committed to all the time does not keep the others out.
func TestEachSourceOfASlotGetsItsTurn(t *testing.T) {
	all := []v1alpha1.ShopSource{waiting("a", 0, 0), waiting("b", 0, 0), waiting("c", 0, 0)}
	built := map[string]int{}
	for i := range 30 {
		first := source.First(all)
		for j := range all {
			if all[j].Name == first {
				built[first]++
				all[j].Status.Latest = &v1alpha1.BuiltImage{At: metav1.NewTime(clock.Add(time.Duration(i+1) * time.Minute))}
			}
		}
	}
	for _, s := range all {
		if built[s.Name] != 10 {
			t.Errorf("of 30 builds, %s had %d", s.Name, built[s.Name])
		}
	}
}

func TestWhoWaits(t *testing.T) {
	s := waiting("a", 0, 0)
	if !source.Waits(&s) {
		t.Error("a source that is queued does not wait")
	}
	paused, deleted, other := s.DeepCopy(), s.DeepCopy(), s.DeepCopy()
	paused.Spec.Paused = true
	deleted.DeletionTimestamp = &metav1.Time{Time: clock}
	other.Status.Conditions[0].Reason = "Building"
	for name, s := range map[string]*v1alpha1.ShopSource{"paused": paused, "being deleted": deleted, "built": other} {
		if source.Waits(s) {
			t.Errorf("a source that is %s holds the slot up", name)
		}
	}
}

func TestARepositoryBelongsToTheOldestSourceThatNamesIt(t *testing.T) {
	source1 := func(name, image string, age time.Duration) v1alpha1.ShopSource {
		return v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(clock.Add(-age))}, Spec: v1alpha1.ShopSourceSpec{Image: image}}
	}
	all := []v1alpha1.ShopSource{source1("young", repository, 1*time.Hour), source1("old", repository, 2*time.Hour), source1("other", repository+"2", 3*time.Hour)}
	if got := source.Taken("old", repository, all); got != "" {
		t.Errorf("its owner is told: %s", got)
	}
	if got := source.Taken("young", repository, all); !strings.Contains(got, "spec.image is "+repository+", to which ShopSource old pushes") {
		t.Errorf("another is told: %s", got)
	}
	twins := []v1alpha1.ShopSource{source1("b", repository, time.Hour), source1("a", repository, time.Hour)}
	if source.Owner(repository, twins) != "a" {
		t.Error("of two of the same age, not the first by name")
	}
}
