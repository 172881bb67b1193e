package cms

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// Whatever names an item is given, it has the last one that is a name, and a version more for each.
func TestAnItemHasTheLastNameThatItWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i, err := New(uuid.New(), "First")
		if err != nil {
			t.Fatal(err)
		}
		want, version := "First", int64(1)
		for _, name := range rapid.SliceOfN(rapid.String(), 0, 20).Draw(t, "names") {
			after, err := i.Rename(name)
			if blank := strings.TrimSpace(name) == ""; blank != fault.Is(err, fault.InvalidKind) {
				t.Fatalf("%q: %v", name, err)
			}
			if err == nil {
				i, want, version = after, strings.TrimSpace(name), version+1
			}
		}
		if i.Name != want || i.Version != version {
			t.Fatalf("%+v, want %q in version %d", i, want, version)
		}
	})
}

func TestAnItemBeginsWithAName(t *testing.T) {
	for name, good := range map[string]bool{"Lamp": true, " Lamp ": true, "": false, " \t": false} {
		i, err := New(uuid.New(), name)
		if (err == nil) != good || good && (i.Name != "Lamp" || i.Version != 1) {
			t.Errorf("%q: %+v, %v", name, i, err)
		}
	}
}
