package plan

import (
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// unsignedB is a shop whose content is release B, whose images nobody signed.
func unsignedB(unsigned, unverified string, runs bool) Observed {
	o := shop()
	o.Releases[1].Unsigned, o.Releases[1].Unverified = unsigned, unverified
	if runs {
		o.Stacks[relB] = Stack{"cart": pods(2), "catalog": pods(2)}
	}
	return o
}

func stackOf(d Decision, release string) bool {
	for _, s := range d.Stacks {
		if s.Release == release {
			return true
		}
	}
	return false
}

func TestNothingOfAReleaseRunsWhoseImagesNobodySigned(t *testing.T) {
	o := unsignedB("cart is not signed", "", false)
	o.Releases[1].Services[0].Migration = &Migration{Identity: "cart-2"}
	o.Policy.Checks = []string{"smoke"}
	d := Plan(o, nine)
	if stackOf(d, relB) || len(d.Jobs) > 0 || d.Table.Active != relA {
		t.Errorf("stack %t, jobs %v, active %s: want nothing of %s", stackOf(d, relB), d.Jobs, d.Table.Active, relB)
	}
	if d.Reason != v1alpha1.ReasonSignatureMissing || !strings.Contains(d.Message, "cart is not signed") {
		t.Errorf("it says %s: %s", d.Reason, d.Message)
	}
}

func TestAStackWhoseKeyWasTakenAwayIsNotSwitchedTo(t *testing.T) {
	if d := Plan(unsignedB("signed by none of the keys", "", true), nine); d.Table.Active != relA || stackOf(d, relB) {
		t.Errorf("active %s, stack kept: %t", d.Table.Active, stackOf(d, relB))
	}
}

func TestARegistryThatDoesNotAnswerHoldsAReleaseAndRemovesNothing(t *testing.T) {
	if d := Plan(unsignedB("", "the registry does not answer", false), nine); stackOf(d, relB) || d.Reason != v1alpha1.ReasonStarting {
		t.Errorf("before it started: stack %t, %s (%s)", stackOf(d, relB), d.Reason, d.Message)
	}
	if d := Plan(unsignedB("", "the registry does not answer", true), nine); !stackOf(d, relB) || d.Table.Active != relA {
		t.Errorf("of a stack that runs: kept %t, active %s", stackOf(d, relB), d.Table.Active)
	}
}

func TestAWayBackToARunningStackAsksNoRegistry(t *testing.T) {
	o := unsignedB("not signed", "", true)
	o.Table.Active = relB
	o.Table.Switch.From = relA
	o.Stacks[relA] = Stack{"cart": pods(2), "catalog": pods(2)}
	o.Releases[0].Unsigned = "not signed"
	o.Content.Release = relA
	if d := Plan(o, nine); d.Table.Active != relA {
		t.Errorf("active %s because of %s (%s), want %s", d.Table.Active, d.Reason, d.Message, relA)
	}
}

func TestWhatServesGoesOnServingWhenItsSignatureIsGone(t *testing.T) {
	o := shop()
	o.Content.Release = relA
	o.Releases[0].Unsigned = "not signed any more"
	if d := Plan(o, nine); d.Table.Active != relA || !stackOf(d, relA) || d.Reason == v1alpha1.ReasonSignatureMissing {
		t.Errorf("active %s, stack %t, %s", d.Table.Active, stackOf(d, relA), d.Reason)
	}
}
