package orders

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestWhatIsReadOfParcelsIsPromised(t *testing.T) {
	eventstest.Reads[parcelData](t, events.ParcelSent)
	eventstest.Reads[parcelData](t, events.ParcelDelivered)
}

// left is what shipping tells of a parcel with some of an order's lines: pairs of product and number.
func left(o Order, parcel uuid.UUID, tracking string, lines ...bookLine) parcelData {
	return parcelData{Parcel: parcel, Order: o.ID, Lines: lines, Carrier: "DHL", Tracking: tracking, At: noon.Add(time.Hour)}
}

// told are the facts of an order, in their order.
func (s *store) facts(t testing.TB, id uuid.UUID) (list []State) {
	t.Helper()
	history, err := s.history(context.Background(), id)
	if err != nil {
		t.Error(err)
	}
	for _, f := range history {
		list = append(list, f.Kind)
	}
	return list
}

func (s *store) read(t testing.TB, id uuid.UUID) Order {
	t.Helper()
	o, err := s.order(context.Background(), id)
	if err != nil {
		t.Error(err)
	}
	return o
}

func take(t testing.TB, s *store, kind events.Type, data any) {
	t.Helper()
	if err := happens(t, s, kind, data); err != nil {
		t.Error(err)
	}
}

// Two parcels, each told twice: partly sent, then sent, with both tracking numbers; delivered with the last of them.
func TestAnOrderIsSentWithItsLastParcel(t *testing.T) {
	s := opened(t)
	o := placed(t, s, placement())
	take(t, s, events.PaymentCaptured, captured(o))
	one, two := left(o, uuid.New(), "JD1", bookLine{"KIT-1001", 1}), left(o, uuid.New(), "JD2", bookLine{"KIT-1001", 1}, bookLine{"KIT-1002", 1})
	two.At = two.At.Add(time.Minute)
	take(t, s, events.ParcelSent, one)
	take(t, s, events.ParcelSent, one)
	if got := s.read(t, o.ID); got.State != Paid || got.ParcelsSent != 1 || !bodyOf(got, nil).PartlySent || bodyOf(got, nil).Cancellable {
		t.Errorf("after a part: %s, %d parcels", got.State, got.ParcelsSent)
	}
	if _, err := changed(s, o.ID, func(o Order) (Order, []Fact, error) { return o.Cancel("too late", noon) }); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("cancelled with a parcel on its way: %v", err)
	}
	take(t, s, events.ParcelSent, two)
	if got := s.read(t, o.ID); got.State != Sent || got.Carrier != "DHL" || got.Tracking != "JD1, JD2" || bodyOf(got, nil).PartlySent {
		t.Errorf("after all: %s with %q %q", got.State, got.Carrier, got.Tracking)
	}
	take(t, s, events.ParcelDelivered, one)
	take(t, s, events.ParcelDelivered, one)
	take(t, s, events.ParcelDelivered, two)
	if got := s.facts(t, o.ID); !slices.Equal(got, []State{Placed, Paid, partlySent, Sent, delivered}) {
		t.Errorf("%v", got)
	}
	var sent string
	if err := s.db.QueryRow(t.Context(), `SELECT event->'data'->>'parcels' FROM orders.outbox WHERE event->>'type' = $1`, events.OrderSent).Scan(&sent); err != nil || !strings.Contains(sent, one.Parcel.String()) || !strings.Contains(sent, two.Parcel.String()) {
		t.Errorf("told in parcels %s (%v)", sent, err)
	}
}

// Events of shipping and of payments come in any order: what left before the payment was told makes the order sent when it is.
func TestAParcelThatIsToldBeforeThePaymentIsNotForgotten(t *testing.T) {
	s := opened(t)
	o := placed(t, s, placement())
	take(t, s, events.ParcelDelivered, left(o, uuid.New(), "JD1", bookLine{"KIT-1001", 2}, bookLine{"KIT-1002", 1})) // not even that it left was told
	if got := s.read(t, o.ID); got.State != Placed || got.ParcelsSent != 1 {
		t.Fatalf("%s, %d parcels", got.State, got.ParcelsSent)
	}
	take(t, s, events.PaymentCaptured, captured(o))
	if got := s.read(t, o.ID); got.State != Sent || got.Tracking != "JD1" {
		t.Errorf("%s %q", got.State, got.Tracking)
	}
}

// What is sent by hand is not sent again, and a cancelled order stays so.
func TestAParcelChangesNothingOfWhatIsSentOrCancelled(t *testing.T) {
	s := opened(t)
	for name, do := range map[State]func(Order) (Order, []Fact, error){
		Sent:      func(o Order) (Order, []Fact, error) { return o.Send("post", "1Z", noon) },
		Cancelled: func(o Order) (Order, []Fact, error) { return o.Cancel("no", noon) },
	} {
		o := placed(t, s, free())
		if _, err := changed(s, o.ID, do); err != nil {
			t.Fatal(err)
		}
		before := s.read(t, o.ID)
		take(t, s, events.ParcelSent, left(o, uuid.New(), "JD1", bookLine{"KIT-1001", 2}, bookLine{"KIT-1002", 1}))
		if got := s.read(t, o.ID); got.State != name || got.Version != before.Version || got.Tracking != before.Tracking {
			t.Errorf("%s: now %s %q", name, got.State, got.Tracking)
		}
	}
	if err := happens(t, s, events.ParcelSent, left(Order{ID: uuid.New()}, uuid.New(), "JD1", bookLine{"A", 1})); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("of an order that is not there: %v", err)
	}
}

// Every order of the statements of a customer who cancels and of a parcel that leaves: one of the two, and never goods that left and come
// back on the shelf.
func TestCancelledOrSentInEveryOrderOfTheStatements(t *testing.T) {
	servicetest.Interleave(t, schema(), func(t testing.TB, db *postgres.DB) (servicetest.Actors, func(testing.TB, []error)) {
		first := &store{db: db, shop: "acme", tell: tell}
		o := placed(t, first, free())
		parcel := left(o, uuid.New(), "JD1", bookLine{"KIT-1001", 1})
		cancel := func(db *postgres.DB) error {
			s := &store{db: db, shop: "acme", tell: tell}
			return postgres.InTx(context.Background(), db, func(tx pgx.Tx) error {
				_, err := s.change(context.Background(), tx, o.ID, func(o Order) (Order, []Fact, error) { return o.Cancel("no", noon) })
				return err
			})
		}
		ship := func(db *postgres.DB) error {
			return happens(t, &store{db: db, shop: "acme", tell: tell}, events.ParcelSent, parcel)
		}
		return servicetest.Actors{cancel, ship}, func(t testing.TB, errs []error) {
			got := first.read(t, o.ID)
			if cancelled := got.State == Cancelled; cancelled != (errs[0] == nil) || cancelled == (got.ParcelsSent > 0) || errs[1] != nil {
				t.Errorf("%s with %d parcels: %v", got.State, got.ParcelsSent, errs)
			}
		}
	})
}
