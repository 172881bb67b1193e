package plan_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/testing/world"
)

var update = flag.Bool("update", false, "write the golden stories anew")

// installed is a shop whose release A serves.
func installed() *world.World {
	w := world.New("cart", "catalog")
	w.Change("acme-aaaaaaaa")
	w.Run(time.Second, 7)
	return w
}

var stories = map[string]func() *world.World{
	"first install": func() *world.World { return installed() },
	"release and retire": func() *world.World {
		w := installed()
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Run(time.Minute, 20)
		return w
	},
	"revert inside the window": func() *world.World {
		w := installed()
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Change("acme-aaaaaaaa")
		w.Run(time.Second, 7)
		return w
	},
	"revert after the window": func() *world.World {
		w := installed()
		w.Change("acme-bbbbbbbb")
		w.Run(time.Minute, 20)
		w.Change("acme-aaaaaaaa")
		w.Run(time.Second, 7)
		return w
	},
	"newest waits for the rollback window": func() *world.World {
		w := installed()
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Change("acme-cccccccc")
		w.Run(time.Second, 7)
		w.Run(time.Minute, 20)
		return w
	},
	"a candidate that never starts": func() *world.World {
		w := installed()
		w.StartsIn["acme-bbbbbbbb/cart"], w.Trouble["acme-bbbbbbbb/cart"] = -1, "ImagePullBackOff"
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Run(time.Minute, 30)
		return w
	},
	"a candidate is superseded": func() *world.World {
		w := installed()
		w.StartsIn["acme-bbbbbbbb/cart"] = -1
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Change("acme-cccccccc")
		w.Run(time.Second, 7)
		return w
	},
	"manual promotion": func() *world.World {
		w := installed()
		w.Observed.Policy.Manual = true
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		w.Say("spec.release.active: acme-bbbbbbbb")
		w.Observed.Policy.Pin = "acme-bbbbbbbb"
		w.Run(time.Second, 7)
		return w
	},
	"a pin to nothing": func() *world.World {
		w := installed()
		w.Say("spec.release.active: acme-00000000")
		w.Observed.Policy.Pin = "acme-00000000"
		w.Run(time.Second, 3)
		return w
	},
	"services invalid together": func() *world.World {
		w := installed()
		w.Change("acme-bbbbbbbb")
		w.Observed.Content.Problems = []string{"ShopService cart: spec.dependsOn names tax, which is no ShopService of this shop; create it or remove the entry"}
		w.Run(time.Second, 7)
		return w
	},
	"paused in the middle": func() *world.World {
		w := installed()
		w.StartsIn["acme-bbbbbbbb/cart"] = 5
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 3)
		w.Say("spec.paused: true")
		w.Observed.Paused = true
		w.Run(time.Second, 7)
		w.Say("spec.paused: false")
		w.Observed.Paused = false
		w.Run(time.Second, 7)
		return w
	},
	"the candidate takes the load that the active has": func() *world.World {
		w := installed()
		w.Observed.Live["cart"] = plan.Scale{Min: 2, Max: 10}
		w.Observed.Stacks["acme-aaaaaaaa"]["cart"] = plan.Running{Current: true, Wanted: 6, Available: 6}
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		return w
	},
	"a slow front door": func() *world.World {
		w := installed()
		w.ConfirmsIn = 3
		w.Change("acme-bbbbbbbb")
		w.Run(time.Second, 7)
		return w
	},
}

func TestStories(t *testing.T) {
	for name, tell := range stories {
		t.Run(name, func(t *testing.T) {
			w := tell()
			for _, v := range w.Violations {
				t.Error(v)
			}
			golden(t, name, w.Log())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the story changed (-before +now); go test ./internal/plan -update if it should:\n%s", diff)
	}
}

// The checker must be able to fail: a decision that is wrong on purpose turns it red.
func TestCheckAlwaysSeesASwitchToAnUnreadyStack(t *testing.T) {
	w := installed()
	w.StartsIn["acme-bbbbbbbb/cart"] = -1
	w.Change("acme-bbbbbbbb")
	w.Run(time.Second, 7)
	w.CheckFor(t, plan.Decision{
		Reason: "Switching", Message: "too early",
		Stacks: []plan.StackPlan{{Release: "acme-bbbbbbbb", Floors: map[string]int32{"cart": 2, "catalog": 2}, Required: map[string]int32{"cart": 2, "catalog": 2}}},
		Table:  plan.TablePlan{Active: "acme-bbbbbbbb", Switching: true},
	}, "whose cart is not ready at 2", "the active stack acme-aaaaaaaa is taken away")
}
