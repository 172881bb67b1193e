package observe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

func quota(name, hard, used string, scopes ...corev1.ResourceQuotaScope) *corev1.ResourceQuota {
	q := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name}}
	q.Spec.Scopes = scopes
	q.Status.Hard = corev1.ResourceList{"pods": resource.MustParse(hard)}
	q.Status.Used = corev1.ResourceList{"pods": resource.MustParse(used)}
	return q
}

func TestAQuotaWithScopesIsLeftToTheAdmissionOfPods(t *testing.T) {
	selected := quota("c", "1", "1")
	selected.Spec.ScopeSelector = &corev1.ScopeSelector{}
	elsewhere := quota("d", "1", "1")
	elsewhere.Namespace = "others"
	w := &World{Shop: acme()}
	r := reading(t, quota("b", "10", "4"), quota("a", "4", "7"), quota("scoped", "1", "1", corev1.ResourceQuotaScopeBestEffort), selected, elsewhere)
	if err := r.readQuotas(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range w.Observed.Quotas {
		left := q.Left["pods"]
		got = append(got, q.Name+" "+left.String())
	}
	if diff := cmp.Diff([]string{"a -3", "b 6"}, got); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

func TestMoreRoom(t *testing.T) {
	fewer := quota("q", "4", "4")
	fewer.Status.Hard = nil
	for name, c := range map[string]struct {
		before, after *corev1.ResourceQuota
		want          bool
	}{
		"it was raised":                      {quota("q", "4", "4"), quota("q", "5", "4"), true},
		"something else went":                {quota("q", "4", "4"), quota("q", "4", "3"), true},
		"it was raised, and is used at once": {quota("q", "4", "4"), quota("q", "5", "5"), false},
		"it was lowered":                     {quota("q", "4", "4"), quota("q", "3", "4"), false},
		"nothing changed":                    {quota("q", "4", "4"), quota("q", "4", "4"), false},
		"it does not hold for pods any more": {quota("q", "4", "4"), fewer, true},
		"it holds for pods from now on":      {fewer, quota("q", "4", "0"), false},
	} {
		if got := MoreRoom(c.before, c.after); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestWhatAPodTakesOfAQuota(t *testing.T) {
	text := func(r *corev1.ResourceRequirements) map[string]string {
		out := map[string]string{}
		for name, q := range perPod(r) {
			out[name] = q.String()
		}
		return out
	}
	cpu := func(s string) corev1.ResourceList { return corev1.ResourceList{"cpu": resource.MustParse(s)} }
	for name, c := range map[string]struct {
		requirements *corev1.ResourceRequirements
		want         map[string]string
	}{
		"one that asks for nothing":             {nil, map[string]string{"pods": "1", "count/pods": "1"}},
		"requests":                              {&corev1.ResourceRequirements{Requests: cpu("1")}, map[string]string{"pods": "1", "count/pods": "1", "cpu": "1", "requests.cpu": "1"}},
		"limits alone are its requests as well": {&corev1.ResourceRequirements{Limits: cpu("2")}, map[string]string{"pods": "1", "count/pods": "1", "cpu": "2", "requests.cpu": "2", "limits.cpu": "2"}},
		"requests below its limits":             {&corev1.ResourceRequirements{Requests: cpu("1"), Limits: cpu("2")}, map[string]string{"pods": "1", "count/pods": "1", "cpu": "1", "requests.cpu": "1", "limits.cpu": "2"}},
	} {
		if diff := cmp.Diff(c.want, text(c.requirements)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestACheckThatChangedSinceCountsAsNotPassed(t *testing.T) {
	shop := acme()
	shop.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "smoke:1"}, {Name: "prices", Image: "prices:1"}}
	rel := &v1alpha1.ShopRelease{Spec: v1alpha1.ShopReleaseSpec{Revision: "bbbbbbbb"}}
	name, err := release.CheckName("acme", "bbbbbbbb", &shop.Spec.Release.Checks[0])
	if err != nil {
		t.Fatal(err)
	}
	rel.Annotations = map[string]string{v1alpha1.AnnotationPassedChecks: "acme-check-gone-1 " + name}
	if diff := cmp.Diff([]string{"smoke"}, passedChecks(shop, rel)); diff != "" {
		t.Errorf("passed (-want +got):\n%s", diff)
	}
	shop.Spec.Release.Checks[0].Image = "smoke:2"
	if got := passedChecks(shop, rel); len(got) > 0 {
		t.Errorf("%v passed as they were before, not as they are", got)
	}
}

func TestWhatARecordRemembersIsReadFromItsAnnotations(t *testing.T) {
	rel := &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: b, UID: "2", CreationTimestamp: metav1.NewTime(epoch), Annotations: map[string]string{
		v1alpha1.AnnotationRestored:          "1",
		v1alpha1.AnnotationRejected:          "release broke the guard",
		v1alpha1.AnnotationRejectedServices:  "cart search",
		v1alpha1.AnnotationMigrated:          "cart catalog",
		v1alpha1.AnnotationStartFailed:       "it was not ready",
		v1alpha1.AnnotationLeftBehind:        a,
		v1alpha1.AnnotationCandidateSince:    "2026-11-27T10:00:00Z",
		v1alpha1.AnnotationIrreversibleSince: "yesterday",
	}}, Spec: v1alpha1.ShopReleaseSpec{Version: "7"}}
	want := plan.Release{
		Name: b, UID: "1", Version: "7", CreatedAt: epoch, CandidateSince: later, Rejected: "release broke the guard",
		RejectedServices: []string{"cart", "search"}, Migrated: []string{"cart", "catalog"}, StartFailed: "it was not ready", LeftBehind: []string{a},
	}
	if diff := cmp.Diff(want, (&Reader{}).plannedRelease(acme(), rel)); diff != "" {
		t.Errorf("a record that was restored keeps its identity; a time that cannot be read is none (-want +got):\n%s", diff)
	}
}

func TestARecordIsHashedOnceAndOneOfTheSameNameIsAnother(t *testing.T) {
	var known identities
	rel := func(uid types.UID, image string) *v1alpha1.ShopRelease {
		return &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: b, UID: uid}, Spec: v1alpha1.ShopReleaseSpec{Services: []v1alpha1.ReleaseService{
			{Name: "cart", ServiceTemplate: v1alpha1.ServiceTemplate{Image: image}}}}}
	}
	first := known.of(rel("1", "cart:1"))["cart"]
	if again := known.of(rel("1", "cart:never"))["cart"]; again != first || first == "" {
		t.Errorf("a record was hashed again: %q, %q", first, again)
	}
	if other := known.of(rel("2", "cart:2"))["cart"]; other == first || other == "" {
		t.Errorf("a record that was deleted and cut anew has the identity of the old one: %q", other)
	}
	if a, b := known.of(rel("", "cart:1"))["cart"], known.of(rel("", "cart:2"))["cart"]; a == b {
		t.Error("records that are not stored yet share an identity")
	}
}

func TestRecordsOfOtherShopsAndOnesThatGoDoNotCount(t *testing.T) {
	now := metav1.NewTime(later)
	rel := func(name, shop string) *v1alpha1.ShopRelease {
		return &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name}, Spec: v1alpha1.ShopReleaseSpec{Shop: shop}}
	}
	going := rel(c, "acme")
	going.DeletionTimestamp, going.Finalizers = &now, []string{"x"}
	w := &World{Shop: acme(), Releases: map[string]*v1alpha1.ShopRelease{}}
	if err := reading(t, rel(b, "acme"), rel(a, "acme"), rel("bazaar-1", "bazaar"), going).readReleases(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range w.Observed.Releases {
		got = append(got, r.Name)
	}
	if diff := cmp.Diff([]string{a, b}, got); diff != "" || len(w.Releases) != 2 {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheScaleOfAServiceIsReadWithItsDefaults(t *testing.T) {
	three := int32(3)
	for name, c := range map[string]struct {
		replicas *int32
		auto     *v1alpha1.Autoscaling
		want     plan.Scale
	}{
		"nothing said":             {nil, nil, plan.Scale{Min: 1}},
		"a number":                 {&three, nil, plan.Scale{Min: 3}},
		"an autoscaler":            {nil, &v1alpha1.Autoscaling{MinReplicas: 2, MaxReplicas: 5}, plan.Scale{Min: 2, Max: 5}},
		"both: the autoscaler has": {&three, &v1alpha1.Autoscaling{MinReplicas: 2, MaxReplicas: 5}, plan.Scale{Min: 2, Max: 5}},
	} {
		if got := scale(c.replicas, c.auto); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAGuardThatSaysNothingOfErrorsDoesNotJudgeThem(t *testing.T) {
	zero := int32(0)
	for name, c := range map[string]struct {
		guard *v1alpha1.Guard
		want  *plan.Guard
	}{
		"none":            {nil, nil},
		"only latency":    {&v1alpha1.Guard{MaxLatencyP99: &metav1.Duration{Duration: time.Second}}, &plan.Guard{Window: 2 * time.Minute, MaxErrorPercent: -1, MaxLatencyP99: time.Second, MinRequests: 100}},
		"no error at all": {&v1alpha1.Guard{MaxErrorPercent: &zero, MinRequests: 5}, &plan.Guard{Window: 2 * time.Minute, MinRequests: 5}},
	} {
		if diff := cmp.Diff(c.want, guard(c.guard)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAServiceThatIsBeingDeletedOrNamesAnotherShopIsInNoRelease(t *testing.T) {
	now := metav1.NewTime(later)
	svc := func(name, shop string) *v1alpha1.ShopService {
		s := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name}}
		s.Spec.Shop = shop
		return s
	}
	going := svc("going", "acme")
	going.DeletionTimestamp, going.Finalizers = &now, []string{"x"}
	got, err := reading(t, svc("cart", "acme"), svc("mail", "bazaar"), going).ServicesOf(t.Context(), "shops", "acme")
	if err != nil || len(got) != 1 || got[0].Name != "cart" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestOnlyServicesOfTheShopCountAsWhatReachesItsPods(t *testing.T) {
	now := metav1.NewTime(later)
	svc := func(name string, change ...func(*corev1.Service)) *corev1.Service {
		s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name, OwnerReferences: owned(), Labels: map[string]string{frontdoor.LabelShop: "acme"}}}
		for _, f := range change {
			f(s)
		}
		return s
	}
	w := &World{Shop: acme()}
	r := reading(t, svc("acme"), svc("stripped", func(s *corev1.Service) { s.OwnerReferences = nil }),
		svc("other", func(s *corev1.Service) { s.OwnerReferences[0].UID = "another" }),
		svc("going", func(s *corev1.Service) { s.DeletionTimestamp, s.Finalizers = &now, []string{"x"} }))
	if err := r.readReached(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if len(w.Reached) != 2 || w.Entrance == nil || w.Entrance.Name != "acme" || w.Reached["stripped"].Name == "" {
		t.Errorf("reached %v, entrance %v", w.Reached, w.Entrance)
	}
}
