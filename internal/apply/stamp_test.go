package apply

import (
	"testing"
	"time"

	gatewayv1ac "sigs.k8s.io/gateway-api/applyconfiguration/apis/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// decided is when the pass began that decides on a switch.
var decided = epoch.Add(time.Hour)

func TestASwitchSaysWhenItWasWrittenAndNotWhenItWasDecided(t *testing.T) {
	for name, c := range map[string]struct {
		clock func() time.Time
		want  time.Time
	}{
		"after a look that took a second": {func() time.Time { return decided.Add(time.Second) }, decided.Add(time.Second)},
		"by a clock that was set back":    {func() time.Time { return decided.Add(-2 * time.Hour) }, decided},
		"without a clock":                 {nil, decided},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(t)
			s.comes()
			s.must(t)
			s.isReady(2)
			s.look()
			s.switches(false)
			s.Now = c.clock
			if routed, err := s.pass(t); err != nil || !routed {
				t.Fatalf("routed %t, %v", routed, err)
			}
			s.look()
			table, err := frontdoor.Decode(s.world.Table.Data[frontdoor.TableKey])
			if err != nil {
				t.Fatal(err)
			}
			if table.Active != b || !table.Switch.At.Equal(c.want) || !s.d.Table.Switch.At.Equal(c.want) {
				t.Errorf("the table says %s at %s, the decision %s; want %s", table.Active, table.Switch.At, s.d.Table.Switch.At, c.want)
			}
		})
	}
}

func TestARouteSaysWhenItsSwitchWasWritten(t *testing.T) {
	in, err := intentOf(gatewayv1ac.HTTPRoute("acme", "shops").WithAnnotations(map[string]string{v1alpha1.AnnotationSwitch: "of the pass's begin", "kept": "yes"}))
	if err != nil {
		t.Fatal(err)
	}
	var d plan.Decision
	d.Table.Active, d.Table.Switch = b, &frontdoor.Switch{From: a, At: decided}
	written := decided.Add(time.Second)
	if err := (&Writer{Now: func() time.Time { return written }}).stampRoute(&d, in); err != nil {
		t.Fatal(err)
	}
	named, err := frontdoor.DecodeNamed(in.object.GetAnnotations()[v1alpha1.AnnotationSwitch])
	if err != nil {
		t.Fatal(err)
	}
	if named.Active != b || named.Switch.From != a || !named.Switch.At.Equal(written) || !d.Table.Switch.At.Equal(written) {
		t.Errorf("the route says %+v, the decision %s; want a switch from %s to %s at %s", named, d.Table.Switch.At, a, b, written)
	}
	if in.object.GetAnnotations()["kept"] != "yes" {
		t.Error("another annotation is gone")
	}
}
