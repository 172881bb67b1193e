package search

import (
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// shirts are the variants of case C15, as the catalog lists them.
func shirts() (all []listed) {
	for sku, line := range map[string]string{
		"SH-1": "white M 4006381333931", "SH-2": "white L 5901234123457", "SH-3": "black S 036000291452", "SH-4": "black M -", "SH-5": "black L 96385074",
	} {
		of := strings.Fields(line)
		p := thing(sku, "Linen shirt, "+of[0]+", "+of[1])
		p.GTIN = strings.TrimPrefix(of[2], "-")
		p.Variant = &variant{map[string]string{"colour": of[0], "size": of[1]}}
		all = append(all, p)
	}
	return all
}

func TestC15AVariantIsFoundByItsSKUItsGTINAndItsOptions(t *testing.T) {
	s := serve(t, newCatalog(t, append(shirts(), thing("KETTLE", "Kettle"))...))
	for query, want := range map[string]string{
		"q=SH-4": "SH-4", "q=sh-2": "SH-2", "q=4006381333931": "SH-1", "q=04006381333931": "SH-1", "q=96385074": "SH-5",
		"q=036000291452": "SH-3", "q=0036000291452": "SH-3", "q=00036000291452": "SH-3", "q=shirt+0036000291452": "SH-3", "q=kettle+0036000291452": "",
		"q=4006381333932": "", "q=036000291453": "", "q=00000000": "",
		"q=shirt&attribute=colour:white&sort=name": "SH-2 SH-1", "q=shirt&attribute=size:S": "SH-3", "q=shirt&attribute=colour:white&attribute=size:S": "",
	} {
		if got := found(t, s, query); got != want {
			t.Errorf("%s found %q, want %q", query, got, want)
		}
	}
}

// A number that a list or an event gives, or takes away, counts from then on, though nothing else of the product changes.
func TestC15AGTINThatChangesIsFoundAnew(t *testing.T) {
	g := shelved(t, Product{SKU: "A", Name: "Kettle", Version: 1, GTIN: "96385074"})
	f := &feed{goods: g, currency: "EUR", now: time.Now, poked: make(chan struct{}, 1)}
	says := func(version int, gtin string) {
		t.Helper()
		data := map[string]any{"version": version, "name": "Kettle", "category": "", "brand": "", "slug": ""}
		if gtin != "" {
			data["gtin"] = gtin
		}
		if err := f.take(t.Context(), event(t, events.ProductChanged, "A", data)); err != nil {
			t.Fatal(err)
		}
	}
	finds := func(typed, want string) {
		t.Helper()
		if got, _ := g.asked(t, Question{Words: typed}); strings.Join(got, " ") != want {
			t.Errorf("%s found %v, want %q", typed, got, want)
		}
	}
	finds("96385074", "A")
	says(2, "5901234123457")
	finds("96385074", "")
	finds("5901234123457", "A")
	says(3, "")
	finds("5901234123457", "")
	loaded(t, g, Product{SKU: "A", Name: "Kettle", Version: 3, GTIN: "96385074"})
	finds("96385074", "") // the list was asked for before the event
}

func TestC15AVariantThatIsToldOfIsFoundAtEveryReplica(t *testing.T) {
	server := eventstest.Start(t)
	s := serve(t, newCatalog(t, shirts()...), "EVENTS_URL", server.URL())
	e := event(t, events.ProductChanged, "SH-4", map[string]any{
		"version": 2, "name": "Linen shirt, black, M", "category": "", "brand": "", "slug": "s", "gtin": "9780306406157", "group": "shirt",
		"attributes": map[string]string{"colour": "black", "size": "M"},
	})
	if err := eventstest.Bus(t, server).Publish(t.Context(), []events.Event{e}); err != nil {
		t.Fatal(err)
	}
	servicetest.Eventually(t, "its new number finds it", func() bool { return found(t, s, "q=9780306406157") == "SH-4" })
}

// The more often searched word comes first by the number as by the SKU: it is what was asked for.
func TestC15ANumberCountsAsMuchAsASKU(t *testing.T) {
	g := shelved(t, Product{SKU: "A", Name: "96385074"}, Product{SKU: "B", Name: "Kettle", GTIN: "96385074"})
	if got, _ := g.asked(t, Question{Words: "96385074"}); strings.Join(got, " ") != "B A" {
		t.Errorf("found %v", got)
	}
}
