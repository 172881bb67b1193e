package apply

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/internal/plan"
)

// asked is a shop of which somebody wants a Job to run again, that is as its conditions say.
func asked(t *testing.T, conditions ...batchv1.JobCondition) (*site, func() bool) {
	t.Helper()
	s := serving(t)
	s.user.Create(&batchv1.Job{ObjectMeta: s.meta(s.world.Shop, "acme-cart-cccccccc", "migration"), Status: batchv1.JobStatus{Conditions: conditions}})
	return s, func() bool {
		return s.store.Get("Job", s.world.Shop.Namespace, "acme-cart-cccccccc") != nil
	}
}

func TestAFailedJobGoesSoThatItRunsAgain(t *testing.T) {
	s, there := asked(t, batchv1.JobCondition{Type: batchv1.JobFailed, Status: corev1.ConditionTrue})
	if err := s.rerun(t.Context(), s.world, &plan.Decision{Rerun: []string{"acme-cart-cccccccc"}}); err != nil || there() {
		t.Errorf("it is there: %t, %v", there(), err)
	}
}

func TestAJobThatRunsAgainByNowStays(t *testing.T) {
	s, there := asked(t)
	if err := s.rerun(t.Context(), s.world, &plan.Decision{Rerun: []string{"acme-cart-cccccccc"}}); err != nil || !there() {
		t.Errorf("it is there: %t, %v", there(), err)
	}
}

func TestAJobThatIsGoneIsNoErrorOfARetry(t *testing.T) {
	s := serving(t)
	if err := s.rerun(t.Context(), s.world, &plan.Decision{Rerun: []string{"acme-cart-cccccccc"}}); err != nil {
		t.Error(err)
	}
}
