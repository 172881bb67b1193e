package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// committed is a shop whose content is in no release since nine, while sources build.
func committed(builds ...SourceBuild) Observed {
	o := shop()
	o.Releases = o.Releases[:1]
	o.Content = Content{Release: relB, Since: nine, Began: nine, Building: builds}
	return o
}

func TestServicesThatWereCommittedTogetherAreOneRelease(t *testing.T) {
	cart := SourceBuild{Name: "cart", Commit: "0123456789abcdef", Timeout: time.Minute}
	tax := SourceBuild{Name: "tax", Commit: "fedcba9876543210", Timeout: 30 * time.Second}
	for name, x := range map[string]struct {
		o      Observed
		at     time.Duration
		cut    bool
		reason v1alpha1.Reason
	}{
		"within the quiet time it settles":           {committed(cart), 2 * time.Second, false, v1alpha1.ReasonSettling},
		"one source builds":                          {committed(cart), 6 * time.Second, false, v1alpha1.ReasonBuilding},
		"the longer one builds on":                   {committed(cart, tax), 45 * time.Second, false, v1alpha1.ReasonBuilding},
		"nothing is built":                           {committed(), 6 * time.Second, true, v1alpha1.ReasonStarting},
		"a release waits no longer than the timeout": {committed(cart, tax), time.Minute, true, v1alpha1.ReasonStarting},
	} {
		d := Plan(x.o, at(x.at))
		if d.Cut != x.cut || d.Reason != x.reason {
			t.Errorf("%s: cut %t because of %s, want %t because of %s: %s", name, d.Cut, d.Reason, x.cut, x.reason, d.Message)
		}
	}
}

func TestAHeldReleaseSaysWhatIsBuiltAndUntilWhen(t *testing.T) {
	d := Plan(committed(SourceBuild{Name: "cart", Commit: "0123456789abcdef", Timeout: time.Minute}), at(6*time.Second))
	if want := "at 2026-11-27T09:01:00Z without it: ShopSource cart (commit 01234567)"; !strings.Contains(d.Message, want) {
		t.Errorf("it says %q, want %q in it", d.Message, want)
	}
	if d.Wake != 54*time.Second {
		t.Errorf("it wakes in %s, want 54s", d.Wake)
	}
}

func TestABuildHoldsNothingThatIsInAReleaseAlready(t *testing.T) {
	o := committed(SourceBuild{Name: "cart", Commit: "0123456789abcdef", Timeout: time.Minute})
	o.Releases = shop().Releases
	if d := Plan(o, at(6*time.Second)); d.Candidate != relB || d.Reason == v1alpha1.ReasonBuilding {
		t.Errorf("the candidate is %q because of %s (%s), want %s: going back by a revert waits for no build", d.Candidate, d.Reason, d.Message, relB)
	}
}

func TestAServiceWithoutAnImageIsNoMistakeWhileItsImageIsBuilt(t *testing.T) {
	o := committed(SourceBuild{Name: "cart", Commit: "0123456789abcdef", Timeout: time.Minute})
	o.Content.Problems = []string{"ShopService cart: spec.imageFrom names ShopSource cart, which has no image yet"}
	if d := Plan(o, at(6*time.Second)); d.Reason != v1alpha1.ReasonBuilding {
		t.Errorf("while it is built: %s", d.Reason)
	}
	if d := Plan(o, at(time.Minute)); d.Reason != v1alpha1.ReasonInvalidServices || d.Cut {
		t.Errorf("past the timeout: %s, cut %t", d.Reason, d.Cut)
	}
}
