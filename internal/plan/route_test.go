package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/testing/world"
)

func TestWithoutAFrontDoorNothingComesAndNothingGoes(t *testing.T) {
	w := world.New("cart")
	w.Change("acme-1")
	w.Run(time.Second, 20)
	w.Change("acme-2")
	w.Observed.FrontDoor.Missing = "the cluster does not serve it: install it"
	d := plan.Plan(w.Observed, w.Now.Add(time.Hour))
	if !d.Frozen || d.Cut || d.Table.Switching || len(d.Drop) > 0 {
		t.Errorf("something is changed: %+v", d)
	}
	if d.Reason != v1alpha1.ReasonFrontDoorUnavailable || d.Message != w.Observed.FrontDoor.Missing || !d.Reason.Stalls() {
		t.Errorf("%s: %s", d.Reason, d.Message)
	}
	if d.Table.Active != "acme-1" {
		t.Errorf("active: %q, want what serves", d.Table.Active)
	}
}

func TestAnUnconfirmedSwitchSaysWhatItWaitsFor(t *testing.T) {
	w := world.New("cart")
	w.Change("acme-1")
	w.Run(time.Second, 20)
	w.Observed.FrontDoor = plan.FrontDoor{Ready: 1, Waiting: "http://10.0.0.1/ still answers from release acme-0"}
	d := plan.Plan(w.Observed, w.Now)
	if d.Reason != v1alpha1.ReasonSwitching || !strings.HasSuffix(d.Message, w.Observed.FrontDoor.Waiting) {
		t.Errorf("%s: %s", d.Reason, d.Message)
	}
}
