package apply

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

func TestWhatIsRememberedOnARecord(t *testing.T) {
	const (
		since, failed, migrated, passed = v1alpha1.AnnotationCandidateSince, v1alpha1.AnnotationStartFailed, v1alpha1.AnnotationMigrated, v1alpha1.AnnotationPassedChecks
		rejected, services              = v1alpha1.AnnotationRejected, v1alpha1.AnnotationRejectedServices
		swept                           = v1alpha1.AnnotationFailedJobs
		irreversible, behind            = v1alpha1.AnnotationIrreversibleSince, v1alpha1.AnnotationLeftBehind
	)
	nine := epoch.Format(time.RFC3339Nano)
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}
	shop.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "smoke:1"}}
	smoke, err := release.CheckName("acme", "bbbbbbbb", &shop.Spec.Release.Checks[0])
	if err != nil {
		t.Fatal(err)
	}
	serves := []plan.StackPlan{{Release: b, Role: plan.Active}}
	type notes map[string]string
	for name, x := range map[string]struct {
		before notes
		d      plan.Decision
		want   notes
	}{
		"it becomes the candidate":        {nil, plan.Decision{Candidate: b, CandidateSince: epoch}, notes{since: nine}},
		"another is the candidate now":    {notes{since: nine}, plan.Decision{Candidate: a, CandidateSince: epoch.Add(time.Hour)}, notes{}},
		"it is the candidate no more":     {notes{since: nine}, plan.Decision{}, notes{}},
		"it serves: it is no candidate":   {notes{since: nine, migrated: "cart"}, plan.Decision{Stacks: serves, Table: plan.TablePlan{Active: b}}, notes{migrated: "cart"}},
		"others' notes stay":              {notes{"team": "cart"}, plan.Decision{Candidate: b, CandidateSince: epoch}, notes{"team": "cart", since: nine}},
		"migrations add up":               {notes{since: nine, migrated: "cart"}, plan.Decision{Candidate: b, CandidateSince: epoch, Migrated: []string{"search"}}, notes{since: nine, migrated: "cart search"}},
		"no migration is forgotten":       {notes{since: nine, migrated: "cart"}, plan.Decision{Candidate: b, CandidateSince: epoch}, notes{since: nine, migrated: "cart"}},
		"a check is remembered as it was": {notes{}, plan.Decision{Candidate: b, CandidateSince: epoch, PassedChecks: []string{"smoke", "gone"}}, notes{since: nine, passed: smoke}},
		"a failure outlives its Job": {notes{swept: "x/1"}, plan.Decision{Candidate: b, CandidateSince: epoch, FailedJobs: []plan.FailedJob{{Name: "x", UID: "2"}, {Name: "y", UID: "3", Retried: true}}},
			notes{since: nine, swept: "x/2 y/3/retried"}},
		"it did not start":                     {notes{since: nine}, plan.Decision{Candidate: b, CandidateSince: epoch, StartFailed: "not ready"}, notes{since: nine, failed: "not ready"}},
		"it is tried again":                    {notes{since: nine, failed: "not ready"}, plan.Decision{Candidate: b, CandidateSince: epoch}, notes{since: nine}},
		"one that comes back is checked again": {notes{migrated: "cart", passed: smoke, failed: "x", swept: "y/1"}, plan.Decision{}, notes{}},
		"one that is kept stays migrated":      {notes{migrated: "cart", passed: smoke, failed: "x"}, plan.Decision{Keep: []string{b}}, notes{migrated: "cart", passed: smoke}},
		"an irreversible migration begins": {notes{}, plan.Decision{Candidate: b, CandidateSince: epoch, IrreversibleSince: epoch, LeavesBehind: []string{a}},
			notes{since: nine, irreversible: nine, behind: a}},
		"it stays irreversible for good":                 {notes{irreversible: nine, behind: a}, plan.Decision{}, notes{irreversible: nine, behind: a}},
		"another release's migration is none of its":     {notes{}, plan.Decision{Candidate: a, IrreversibleSince: epoch}, notes{}},
		"the guard rejects it":                           {notes{}, plan.Decision{Stacks: serves, Table: plan.TablePlan{Active: a}, Rejected: b, Verdict: "broke", RejectedServices: []string{"cart", "search"}}, notes{rejected: "broke", services: "cart search"}},
		"the guard rejects another":                      {notes{}, plan.Decision{Rejected: a, Verdict: "broke"}, notes{}},
		"it stays rejected":                              {notes{rejected: "broke", services: "cart"}, plan.Decision{}, notes{rejected: "broke", services: "cart"}},
		"somebody tries it again: it is still suspected": {notes{services: "cart", since: nine}, plan.Decision{Candidate: b, CandidateSince: epoch}, notes{services: "cart", since: nine}},
		"tried again, and it serves":                     {notes{services: "cart"}, plan.Decision{Stacks: serves, Table: plan.TablePlan{Active: b}}, notes{}},
		"rejected while it serves on":                    {notes{rejected: "broke", services: "cart"}, plan.Decision{Stacks: serves, Table: plan.TablePlan{Active: b}}, notes{rejected: "broke", services: "cart"}},
		"rejected where nothing is left to go back to":   {notes{}, plan.Decision{Stacks: serves, Table: plan.TablePlan{Active: b}, Rejected: b, Verdict: "broke", RejectedServices: []string{"cart"}}, notes{rejected: "broke", services: "cart"}},
	} {
		t.Run(name, func(t *testing.T) {
			rel := &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: b, Annotations: x.before}, Spec: v1alpha1.ShopReleaseSpec{Revision: "bbbbbbbb"}}
			if diff := cmp.Diff(map[string]string(x.want), annotations(shop, rel, &x.d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestARecordThatIsGoneIsNoReasonToFail(t *testing.T) {
	s := serving(t)
	s.d.Candidate, s.d.CandidateSince = b, epoch
	s.lose("ShopRelease", b)
	if err := s.annotateAll(t.Context(), s.world, s.d); err != nil {
		t.Error(err)
	}
}
