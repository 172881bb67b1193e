package observe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

func sourceOf(name string, status v1alpha1.ShopSourceStatus) *v1alpha1.ShopSource {
	return &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name}, Status: status}
}

func serviceFrom(name, shop, source string) *v1alpha1.ShopService {
	s := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name}}
	s.Spec.Shop = shop
	if source != "" {
		s.Spec.ImageFrom = &v1alpha1.ImageSource{Source: source}
	}
	return s
}

func readyBecause(status metav1.ConditionStatus, reason v1alpha1.Reason) []metav1.Condition {
	return []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Status: status, Reason: string(reason)}}
}

func TestWhichSourcesAReleaseWaitsFor(t *testing.T) {
	for name, x := range map[string]struct {
		status v1alpha1.ShopSourceStatus
		want   string
	}{
		"it builds":               {v1alpha1.ShopSourceStatus{Commit: "b", Building: &v1alpha1.Build{Commit: "a"}}, "a"},
		"it waits for its turn":   {v1alpha1.ShopSourceStatus{Commit: "b", Conditions: readyBecause(metav1.ConditionFalse, v1alpha1.ReasonQueued)}, "b"},
		"it is built":             {v1alpha1.ShopSourceStatus{Commit: "b", Conditions: readyBecause(metav1.ConditionTrue, v1alpha1.ReasonUpToDate)}, ""},
		"its tests failed":        {v1alpha1.ShopSourceStatus{Commit: "b", Conditions: readyBecause(metav1.ConditionFalse, v1alpha1.ReasonTestsFailed)}, ""},
		"Git does not answer":     {v1alpha1.ShopSourceStatus{Commit: "b", Conditions: readyBecause(metav1.ConditionFalse, v1alpha1.ReasonGitUnreachable)}, ""},
		"nobody looked at it yet": {v1alpha1.ShopSourceStatus{}, ""},
	} {
		if got := PendingCommit(sourceOf("cart", x.status)); got != x.want {
			t.Errorf("%s: a release waits for %q, want %q", name, got, x.want)
		}
	}
}

func TestTheContentHoldsWhatTheShopsOwnSourcesBuild(t *testing.T) {
	short := sourceOf("cart", v1alpha1.ShopSourceStatus{Building: &v1alpha1.Build{Commit: "c1"}})
	short.Spec.Timeout = &metav1.Duration{Duration: time.Minute}
	r := reading(t, short,
		sourceOf("another", v1alpha1.ShopSourceStatus{Building: &v1alpha1.Build{Commit: "a1"}}),
		sourceOf("bazaar", v1alpha1.ShopSourceStatus{Building: &v1alpha1.Build{Commit: "b1"}}),
		serviceFrom("cart", "acme", "cart"), serviceFrom("cart-events", "acme", "cart"), serviceFrom("first", "acme", "another"),
		serviceFrom("theirs", "bazaar", "bazaar"), serviceFrom("plain", "acme", ""))
	w, err := r.Read(t.Context(), acme())
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.SourceBuild{{Name: "another", Commit: "a1", Timeout: 30 * time.Minute}, {Name: "cart", Commit: "c1", Timeout: time.Minute}}
	if diff := cmp.Diff(want, w.Observed.Content.Building); diff != "" {
		t.Errorf("what is built (-want +got):\n%s", diff)
	}
	if n := len(w.Observed.Content.Problems); n != 3 {
		t.Errorf("%d services have no image, want 3: %v", n, w.Observed.Content.Problems)
	}
}

func TestASourceWakesTheShopsWhoseServicesTakeItsImage(t *testing.T) {
	r := reading(t, serviceFrom("cart", "acme", "cart"), serviceFrom("cart-events", "acme", "cart"), serviceFrom("tax", "bazaar", "tax"))
	if diff := cmp.Diff([]string{"acme"}, r.ShopsFrom(t.Context(), "shops", "cart")); diff != "" {
		t.Errorf("shops (-want +got):\n%s", diff)
	}
}
