package status

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// passwords is the copy of Secret pw in a release, by the hash of its content.
func passwords(hash string) []v1alpha1.ConfigCopy {
	return []v1alpha1.ConfigCopy{
		{Kind: v1alpha1.ConfigMapKind, Name: "prices", Copy: "acme-c-prices-00000000"}, {Kind: v1alpha1.SecretKind, Name: "pw", Copy: "acme-s-pw-" + hash},
	}
}

// TestASecretThatWasRotatedIsToldWhileTheReleaseThatServesStays: before pods die of the old password.
func TestASecretThatWasRotatedIsToldWhileTheReleaseThatServesStays(t *testing.T) {
	const told = "; Secret pw changed since: pods of release acme-aaaaaaaa read what it held when the release was cut"
	for name, x := range map[string]struct {
		reason v1alpha1.Reason
		change func(*observe.World, *plan.Decision)
		told   bool
	}{
		"under Manual promotion":          {v1alpha1.ReasonAwaitingPromotion, nil, true},
		"behind a pin or a version":       {v1alpha1.ReasonServing, nil, true},
		"in a window behind a pin":        {v1alpha1.ReasonRollbackWindow, nil, true},
		"until a window ends":             {v1alpha1.ReasonWaitingForRollbackWindow, nil, true},
		"while it is paused":              {v1alpha1.ReasonPaused, nil, true},
		"when pods die of it already":     {v1alpha1.ReasonDegraded, nil, true},
		"when the next release is stuck":  {v1alpha1.ReasonCheckFailed, nil, true},
		"not while the next one settles":  {v1alpha1.ReasonSettling, nil, false},
		"nor while it starts":             {v1alpha1.ReasonStarting, nil, false},
		"nor where the content serves":    {v1alpha1.ReasonServing, func(w *observe.World, _ *plan.Decision) { w.Snapshot.Name = releaseA }, false},
		"nor where it holds the same":     {v1alpha1.ReasonServing, func(w *observe.World, _ *plan.Decision) { w.Snapshot.Spec.Copies = passwords("11111111") }, false},
		"nor where nobody names it now":   {v1alpha1.ReasonServing, func(w *observe.World, _ *plan.Decision) { w.Snapshot.Spec.Copies = nil }, false},
		"nor where the record is gone":    {v1alpha1.ReasonServing, func(w *observe.World, _ *plan.Decision) { delete(w.Releases, releaseA) }, false},
		"nor where nothing serves so far": {v1alpha1.ReasonPaused, func(_ *observe.World, d *plan.Decision) { d.Table.Active = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := open()
			w.Releases[releaseA].Spec.Copies = passwords("11111111")
			w.Snapshot.Name, w.Snapshot.Spec.Copies = releaseB, passwords("22222222")
			d.Reason, d.Message = x.reason, "it is so"
			if x.change != nil {
				x.change(w, d)
			}
			c := meta.FindStatusCondition(Shop(w, d).Conditions, string(v1alpha1.ConditionReady))
			if !strings.HasPrefix(c.Message, "it is so") || strings.HasSuffix(c.Message, told) != x.told {
				t.Errorf("it says: %s", c.Message)
			}
		})
	}
}
