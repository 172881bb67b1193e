package apply

import (
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
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
