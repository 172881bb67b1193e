package view

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// TestAnOlderOperatorSaysWhatIsWaitedForByItsReason: it has no status.waitingFor.
func TestAnOlderOperatorSaysWhatIsWaitedForByItsReason(t *testing.T) {
	for reason, x := range map[v1alpha1.Reason]struct {
		change func(*Objects)
		want   []string
	}{
		v1alpha1.ReasonSettling:          {nil, []string{"Settle   "}},
		v1alpha1.ReasonAwaitingPromotion: {nil, []string{"Approval  " + relB + " "}},
		v1alpha1.ReasonStarting: {func(o *Objects) {
			o.Releases[1].Status.Services = []v1alpha1.ReleaseServiceStatus{{Name: "cart", Ready: 1, Wanted: 2, Reason: "ErrImagePull"}, {Name: "mailer", Ready: 1, Wanted: 1}}
		}, []string{"Service cart " + relB + " ErrImagePull"}},
		v1alpha1.ReasonDegraded: {func(o *Objects) {
			o.Releases[0].Status.Services = []v1alpha1.ReleaseServiceStatus{{Name: "cart", Wanted: 2}}
		}, []string{"Service cart " + relA + " "}},
		v1alpha1.ReasonMigrationFailed: {func(o *Objects) {
			o.Releases[1].Status.Migrations = []v1alpha1.JobStatus{{Name: "tax", State: v1alpha1.JobSucceeded}, {Name: "cart", State: v1alpha1.JobFailed}}
		}, []string{"Migration cart " + relB + " Failed"}},
		v1alpha1.ReasonChecking: {func(o *Objects) {
			o.Shop.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke"}, {Name: "prices"}, {Name: "links"}}
			o.Releases[1].Status.Checks = []v1alpha1.JobStatus{{Name: "smoke", State: v1alpha1.JobSucceeded}, {Name: "prices", State: v1alpha1.JobRunning}}
		}, []string{"Check prices " + relB + " ", "Check links " + relB + " "}},
		v1alpha1.ReasonSwitching: {nil, []string{"FrontDoor  " + relA + " "}},
		v1alpha1.ReasonWaitingForRollbackWindow: {func(o *Objects) {
			o.Shop.Status.Previous = &v1alpha1.PreviousRelease{Release: relC, RetiresAt: at(time.Hour)}
		}, []string{"Window " + relC + "  "}},
		v1alpha1.ReasonQuotaExceeded:    {nil, []string{"Quota  " + relB + " "}},
		v1alpha1.ReasonServing:          {nil, nil},
		v1alpha1.ReasonInvalidServices:  {nil, nil},
		v1alpha1.ReasonMigrating:        {func(o *Objects) { o.Releases = nil }, nil},
		v1alpha1.ReasonCheckFailed:      {func(o *Objects) { o.Releases = nil }, nil},
		v1alpha1.ReasonInstalling:       {func(o *Objects) { o.Shop.Status.Candidate = nil }, nil},
		v1alpha1.ReasonRollbackWindow:   {nil, nil},
		v1alpha1.ReasonBuilding:         {nil, nil},
		v1alpha1.ReasonSignatureMissing: {nil, nil},
	} {
		o := waiting()
		o.Shop.Status.WaitingFor, o.Shop.Status.Conditions[0].Reason = nil, string(reason)
		if x.change != nil {
			x.change(&o)
		}
		var got []string
		for _, w := range Of(o).Waits {
			got = append(got, fmt.Sprintf("%s %s %s %s", w.Kind, w.Name, w.Release, w.Reason))
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: it waits for %q, want %q", reason, got, x.want)
		}
	}
}

func TestWhatTheOperatorSaysItWaitsForIsNotGuessed(t *testing.T) {
	o := waiting()
	o.Shop.Status.WaitingFor = []v1alpha1.Wait{{Kind: v1alpha1.WaitFrontDoor}}
	if got := Of(o).Waits; len(got) != 1 || got[0].Kind != v1alpha1.WaitFrontDoor {
		t.Errorf("%v", got)
	}
}
