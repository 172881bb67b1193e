package releasecheck

import (
	"io"
	"slices"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/conform"
	"github.com/emporium-shop/emporium/services/shop"
)

// reads are the scopes that staff reads lists with.
const reads = "analytics:read books:read catalog:write cms:write customers:read inventory:write invoicing:read loyalty:read media:write notifications:read orders:read payments:read " +
	"pricing:write promotions:write returns:read reviews:write shipping:read warehouse:read"

// withoutList are services that have no list with a cursor.
var withoutList = []string{"auth", "backoffice", "cart", "checkout", "inventory", "payments", "pricing", "promotions", "psp-fake", "storefront", "tax"}

// Before each switch every service of the shop is asked. Of those whose lists are staff's the check sees nothing but errors, unless it is shown who may read them.
func TestEveryServiceOfTheShopPassesBeforeASwitch(t *testing.T) {
	s, err := shop.Start(t.Context(), shop.Options{Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(t.Context()) })
	token, err := s.Token("staff", "conform", reads, 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range s.Running() {
		report := conform.Run(t.Context(), conform.Target{
			Mode: conform.Remote, Settings: &conform.Settings{Service: one.Name}, URL: one.URL, Metrics: one.Metrics, Staff: "Bearer " + token, Quick: true,
		})
		if err := report.OK(true); err != nil {
			t.Error(err)
		}
		lists := 0
		for _, r := range report.Results {
			if r.Rule[0] == 'L' && r.Verdict == conform.Passed {
				lists++
			}
		}
		if none := slices.Contains(withoutList, one.Name); none != (lists == 0) {
			t.Errorf("%s: %d rules about its list were decided", one.Name, lists)
		}
		t.Logf("%-16s %d rules passed, %d about its list, in %.2f s", one.Name, report.Count(conform.Passed), lists, report.Took)
	}
}
