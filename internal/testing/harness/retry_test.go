package harness

import (
	"slices"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func theScenario(t *testing.T, name string) scenario {
	t.Helper()
	all := scenarios()
	i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("there is no scenario %q", name)
	}
	return all[i]
}

// TestARetryThatIsAskedForOfTheShopGetsTheReleaseThrough: whoever may annotate the Shop needs no right on Jobs or ShopReleases.
func TestARetryThatIsAskedForOfTheShopGetsTheReleaseThrough(t *testing.T) {
	for _, name := range []string{"a migration that failed is retried", "what the guard rejected is retried"} {
		t.Run(name, func(t *testing.T) {
			w := theScenario(t, name).begin()
			defer w.Close()
			w.StartOperator()
			w.Rest()
			shop := w.Shop()
			if reason, says := w.Reason(); reason != v1alpha1.ReasonRollbackWindow && reason != v1alpha1.ReasonServing {
				t.Errorf("after the retry: %s: %s", reason, says)
			}
			if asked := shop.Annotations[v1alpha1.AnnotationRetry]; asked == "" || shop.Status.Retried != asked {
				t.Errorf("asked for %q, followed %q", asked, shop.Status.Retried)
			}
			if serves := w.active(t); serves == nil || !strings.HasPrefix(shop.Status.Retried, serves.Name+"/") {
				t.Errorf("%s was tried again, and %v serves", shop.Status.Retried, serves)
			}
			w.Check(t, name)
		})
	}
}
