package status

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

const releaseA = "acme-aaaaaaaa"

func TestChecked(t *testing.T) {
	passed, failed, running := plan.Job{State: plan.JobSucceeded}, plan.Job{State: plan.JobFailed}, plan.Job{State: plan.JobRunning}
	for name, c := range map[string]struct {
		checks []string
		jobs   map[string]plan.Job
		was    string // the message of before; "": there was none
		want   string // status, reason and message; "": the condition is absent
	}{
		"without checks nothing is claimed":       {nil, nil, "", ""},
		"before the first Job nothing is claimed": {[]string{"smoke"}, nil, "", ""},
		"some passed":                              {[]string{"smoke", "prices"}, map[string]plan.Job{"smoke": passed, "prices": running}, "", "False Checking 1 of 2 checks passed"},
		"a check that came later has no Job yet":   {[]string{"smoke", "prices"}, map[string]plan.Job{"smoke": passed}, "", "False Checking 1 of 2 checks passed"},
		"one passed whose Job was swept":           {[]string{"kept", "smoke"}, map[string]plan.Job{"smoke": passed}, "", "True Serving 2 of 2 checks passed"},
		"one failed":                               {[]string{"smoke", "prices"}, map[string]plan.Job{"smoke": passed, "prices": failed}, "", "False CheckFailed 1 of 2 checks passed"},
		"all passed":                               {[]string{"smoke"}, map[string]plan.Job{"smoke": passed}, "0 of 1 checks passed", "True Serving 1 of 1 checks passed"},
		"after the switch the Jobs go, not this":   {[]string{"smoke"}, nil, "1 of 1 checks passed", "True Serving 1 of 1 checks passed"},
		"a check that the shop no longer asks for": {[]string{"prices"}, map[string]plan.Job{"smoke": failed, "prices": passed}, "", "True Serving 1 of 1 checks passed"},
	} {
		w := &observe.World{Observed: plan.Observed{Releases: []plan.Release{{Name: releaseA, PassedChecks: []string{"kept"}}}, Policy: plan.Policy{Checks: c.checks}, Checks: map[string]map[string]plan.Job{releaseA: c.jobs}}}
		rel := &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: releaseA}}
		var s v1alpha1.ShopReleaseStatus
		if c.was != "" {
			set(&s.Conditions, 0, v1alpha1.ConditionChecked, true, v1alpha1.ReasonServing, c.was)
		}
		setChecked(w, rel, &s)
		got := ""
		if is := meta.FindStatusCondition(s.Conditions, string(v1alpha1.ConditionChecked)); is != nil {
			got = string(is.Status) + " " + is.Reason + " " + is.Message
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatWasSaidOfChecksStaysWhenTheReleaseServesAndItsJobsGoOneByOne(t *testing.T) {
	w := &observe.World{Observed: plan.Observed{
		Table: frontdoor.Table{Active: releaseA}, Policy: plan.Policy{Checks: []string{"smoke", "prices"}},
		Checks: map[string]map[string]plan.Job{releaseA: {"smoke": {State: plan.JobSucceeded}}},
	}}
	var s v1alpha1.ShopReleaseStatus
	set(&s.Conditions, 0, v1alpha1.ConditionChecked, true, v1alpha1.ReasonServing, "2 of 2 checks passed")
	setChecked(w, &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: releaseA}}, &s)
	if is := meta.FindStatusCondition(s.Conditions, string(v1alpha1.ConditionChecked)); is.Status != metav1.ConditionTrue || is.Message != "2 of 2 checks passed" {
		t.Errorf("it says %s: %s", is.Status, is.Message)
	}
}
