package stage

import (
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func named(name string) func(v1alpha1.Shop) bool {
	return func(shop v1alpha1.Shop) bool { return shop.Name == name }
}

func TestAWatchEndsAtTheFirstShopThatIsWaitedFor(t *testing.T) {
	shops := `{"metadata":{"name":"a"}}
{"metadata":{"name":"b"}}{"metadata":{"name":"c"}}`
	for _, name := range []string{"a", "b", "c"} {
		if seen, err := firstOf(strings.NewReader(shops), named(name)); !seen || err != nil {
			t.Errorf("%s: seen %v, %v", name, seen, err)
		}
	}
}

func TestAWatchThatBreaksOffDoesNotSeeWhatDidNotCome(t *testing.T) {
	for _, shops := range []string{"", `{"metadata":{"name":"a"}}`, `{"metadata":{"name":"b"`, "error: the server is away"} {
		if seen, err := firstOf(strings.NewReader(shops), named("b")); seen || err == nil {
			t.Errorf("%q: seen %v, %v", shops, seen, err)
		}
	}
}
