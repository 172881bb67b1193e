package notifications

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestWhatIsReadOfParcelsIsPromised(t *testing.T) {
	eventstest.Reads[parcelData](t, events.ParcelSent)
	eventstest.Reads[parcelData](t, events.ParcelDelivered)
	eventstest.Reads[struct {
		Parcels []uuid.UUID `json:"parcels,omitempty"`
	}](t, events.OrderSent)
}

// parcel is what shipping tells of one of an order's.
func (b bought) parcel(t testing.TB, kind events.Type, id uuid.UUID, tracking string) events.Event {
	return event(t, "shipping", kind, id.String(), map[string]any{
		"parcel": id, "order": b.order, "lines": []any{map[string]any{"sku": "KIT-1001", "quantity": 1}}, "carrier": "DHL", "tracking": tracking, "at": "2026-11-27T08:00:00Z",
	})
}

// C43: two parcels: two mails that they left and one for each that arrived, whatever is told twice, and none that the order was sent.
func TestC43EachParcelHasOneMailWhenItLeavesAndOneWhenItArrives(t *testing.T) {
	db, b := pgtest.Open(t, schema()), buy()
	one, two := uuid.New(), uuid.New()
	all := b.happened(t, events.OrderSent)
	all.Data = []byte(strings.Replace(string(all.Data), `{`, `{"parcels":["`+one.String()+`","`+two.String()+`"],`, 1))
	first := b.parcel(t, events.ParcelSent, one, "JD0001")
	taken(t, db, first, b.placed(t), first, b.parcel(t, events.ParcelSent, two, "JD0002"), all, b.parcel(t, events.ParcelDelivered, one, "JD0001"), b.parcel(t, events.ParcelDelivered, one, "JD0001"))
	var subjects, ids []string
	for _, m := range mails(t, db) {
		if m.Kind == Sent {
			subjects, ids = append(subjects, m.Subject+" "+m.Text), append(ids, m.MessageID)
		}
	}
	if len(subjects) != 3 || !strings.Contains(subjects[0], "JD0001") || !strings.Contains(subjects[0], "Carrier: DHL") || !strings.Contains(subjects[1], "JD0002") || !strings.Contains(subjects[2], "has arrived") {
		t.Errorf("%q", subjects)
	}
	if len(ids) == 3 && (ids[0] == ids[1] || ids[0] == ids[2]) {
		t.Errorf("one Message-ID for two mails: %q", ids)
	}
}

// Staff that sends by hand packs no parcel: then the order's own mail is all that the customer gets.
func TestAnOrderThatStaffSendsByHandHasItsMail(t *testing.T) {
	db, b := pgtest.Open(t, schema()), buy()
	taken(t, db, b.placed(t), b.happened(t, events.OrderSent))
	if all := mails(t, db); len(all) != 2 || all[1].Kind != Sent || all[1].About != "" {
		t.Errorf("mails %v", kinds(all))
	}
}

// C43: what a carrier is called, and what a tracking number is made of, adds no header, in either language.
func TestC43AParcelsNamesAddNoHeader(t *testing.T) {
	for _, locale := range languages {
		for _, arrived := range []bool{false, true} {
			o := sampleOrder
			o.Locale = locale
			m := written(t, Notice{Kind: Sent, Parcel: &Parcel{"DHL\r\nBcc: x@y.example", "1Z\nBcc: x@y.example", arrived}}, o)
			_, subject, body := parsed(t, m)
			if strings.Contains(body, "\nBcc:") || strings.Contains(subject, "Bcc") || !strings.Contains(body, "1Z Bcc: x@y.example") {
				t.Errorf("%s, arrived %t: %q %q", locale, arrived, subject, body)
			}
		}
	}
}
