package prices

import (
	"context"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/money"
)

func TestTheContractPromisesWhatIsRead(t *testing.T) {
	eventstest.Reads[Changed](t, events.PriceChanged)
}

func TestWhatIsToldIsRead(t *testing.T) {
	low := money.New(800, "EUR")
	for _, want := range []Changed{
		{"A", "EUR", money.New(990, "EUR"), &low, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)},
		{"B", "EUR-AT", money.New(1290, "EUR"), nil, time.Date(2026, 6, 2, 0, 0, 0, 1000, time.UTC)},
	} {
		e, err := events.New(context.Background(), "pricing", events.PriceChanged, want.SKU, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(e)
		if err != nil || got.SKU != want.SKU || got.List != want.List || got.Price != want.Price || !got.ValidFrom.Equal(want.ValidFrom) || (got.Low30 == nil) != (want.Low30 == nil) {
			t.Errorf("told %+v, read %+v (%v)", want, got, err)
		}
		if got.Everywhere() != (want.SKU == "A") || (got.Lowest() == nil) != (want.SKU == "B") {
			t.Errorf("%+v is everybody's price: %t", got, got.Everywhere())
		}
	}
	if _, err := Read(events.Event{Data: []byte(`{"price":9.9}`)}); err == nil {
		t.Error("a float was read as a price")
	}
}
