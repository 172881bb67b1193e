package release

import (
	"testing"

	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestABudgetIsMadeOnlyWhereItHoldsADrainBack(t *testing.T) {
	for name, c := range map[string]struct {
		version int32
		scale   v1alpha1.ServiceScale
		pods    int32
		want    bool
	}{
		"one pod, which may go":                             {4, v1alpha1.ServiceScale{Replicas: ptr.To[int32](1)}, 1, false},
		"nothing is said, so it is one":                     {4, v1alpha1.ServiceScale{}, 1, false},
		"no pod":                                            {4, v1alpha1.ServiceScale{}, 0, false},
		"two pods, of which one may go":                     {4, v1alpha1.ServiceScale{Replicas: ptr.To[int32](2)}, 2, true},
		"two pods, which may both go":                       {4, v1alpha1.ServiceScale{DisruptionBudget: &v1alpha1.DisruptionBudget{MaxUnavailable: 2}}, 2, false},
		"more pods run than are asked for":                  {4, v1alpha1.ServiceScale{Replicas: ptr.To[int32](1)}, 3, true},
		"an autoscaler may make more of one":                {4, v1alpha1.ServiceScale{Autoscaling: &v1alpha1.Autoscaling{MinReplicas: 1}}, 1, true},
		"a release of before keeps the budget that it had":  {3, v1alpha1.ServiceScale{}, 1, true},
		"a release that says nothing of its rendering, too": {0, v1alpha1.ServiceScale{}, 1, true},
	} {
		if got := HasBudget(c.version, c.scale, c.pods); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}
