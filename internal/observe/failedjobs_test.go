package observe

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// swept is a Job that failed, on which a policy put a TTL.
func swept(change ...func(*batchv1.Job)) batchv1.Job {
	return jobOf(frontdoor.ComponentMigration, b, "cart", append([]func(*batchv1.Job){endedAs(batchv1.JobFailed, ""), func(j *batchv1.Job) {
		j.UID, j.Spec.TTLSecondsAfterFinished = "1", ptr.To[int32](0)
	}}, change...)...)
}

func TestAJobThatFailedIsFailedStillWhenItWasSwept(t *testing.T) {
	check := v1alpha1.Check{Name: "smoke", Image: "smoke:1"}
	smoke, err := release.CheckName("acme", "bbbbbbbb", &check)
	if err != nil {
		t.Fatal(err)
	}
	const cart = "acme-cart-bbbbbbbb"
	going := func(j *batchv1.Job) { j.DeletionTimestamp, j.Finalizers = ptr.To(metav1.NewTime(later)), []string{"x"} }
	gone := func(name, what string) plan.Job {
		return plan.Job{Name: name, What: what, State: plan.JobFailed, UID: "1", Swept: true, Gone: true}
	}
	type jobs map[string]plan.Job
	for name, x := range map[string]struct {
		record             string
		there              []batchv1.Job
		migrations, checks jobs
	}{
		"it is there":                    {"", []batchv1.Job{swept()}, jobs{"cart": {Name: cart, What: "cart", State: plan.JobFailed, EndedAt: later, UID: "1", Swept: true}}, nil},
		"it is being swept":              {"", []batchv1.Job{swept(going)}, jobs{"cart": {Name: cart, What: "cart", State: plan.JobFailed, EndedAt: later, UID: "1", Swept: true}}, nil},
		"it is gone, and nobody saw it":  {"", nil, nil, nil},
		"it is gone":                     {cart + "/1", nil, jobs{"cart": gone(cart, "cart")}, nil},
		"a check is gone":                {smoke + "/1", nil, nil, jobs{"smoke": gone(smoke, "smoke")}},
		"a check of before it changed":   {"acme-check-smoke-0/1", nil, nil, nil},
		"another try was asked for":      {cart + "/1/retried " + smoke + "/2/retried", nil, nil, nil},
		"another try runs":               {cart + "/1", []batchv1.Job{jobOf(frontdoor.ComponentMigration, b, "cart", func(j *batchv1.Job) { j.UID = "2" })}, jobs{"cart": {Name: cart, What: "cart", State: plan.JobRunning, Started: true, UID: "2"}}, nil},
		"the record is nothing to go by": {"cart//1 / " + cart + "/1/2", nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			rel := &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: b, Annotations: map[string]string{v1alpha1.AnnotationFailedJobs: x.record}},
				Spec: v1alpha1.ShopReleaseSpec{Revision: "bbbbbbbb", Services: []v1alpha1.ReleaseService{{Name: "catalog"}, {Name: "cart"}}}}
			rel.Spec.Services[1].Migration = &v1alpha1.Migration{}
			w := &World{Shop: acme(), Releases: map[string]*v1alpha1.ShopRelease{b: rel}}
			w.Shop.Spec.Release.Checks = []v1alpha1.Check{check}
			r := reading(t)
			for i := range x.there {
				r = reading(t, &x.there[i])
			}
			w.Observed.Releases = []plan.Release{r.Planned(w.Shop, rel)}
			if err := r.readJobs(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(x.migrations, jobs(w.Observed.Migrations[b])); diff != "" {
				t.Errorf("migrations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(x.checks, jobs(w.Observed.Checks[b])); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
		})
	}
}
