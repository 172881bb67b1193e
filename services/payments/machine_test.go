package payments

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

// moods are the bad days of the provider.
var moods = []string{
	`{}`, `{"lose":0.3}`, `{"late":0.3,"lateMillis":60}`, `{"repeat":1,"reorder":true}`, `{"lose":0.2,"late":0.2,"lateMillis":30,"repeat":0.5,"reorder":true}`,
	`{"wrongAmount":0.5}`, `{"wrongCurrency":0.5,"lose":0.2}`, `{"away":true}`,
}

// Random operations of several callers at once, on a provider whose moods change:
// when it is quiet, his ledger and ours say the same, and nothing is too much.
func TestWhateverIsAskedInWhateverMoodTheBooksAgree(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		saga := newKey()
		w.feel(rapid.SampledFrom(moods).Draw(rt, "mood"))
		card := rapid.SampledFrom([]string{"tok_visa", "tok_visa", "tok_visa", "tok_lost", "tok_capture_fails", "tok_refund_fails", "tok_declined"}).Draw(rt, "card")
		first := w.post(0, authorizations, order(saga, "50.00", "EUR", card), saga+":auth", "X-Shop-Deadline", "400")
		var begun bool
		if err := w.db().QueryRow(context.Background(), `SELECT EXISTS (SELECT FROM payments.payments WHERE saga = $1)`, saga).Scan(&begun); err != nil {
			rt.Fatal(err)
		}
		if !begun { // on a slow machine its time was over before anything was written
			first = w.post(0, authorizations, order(saga, "50.00", "EUR", card), saga+":auth")
		}
		for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			if rapid.IntRange(0, 2).Draw(rt, "changes") == 0 {
				w.feel(rapid.SampledFrom(moods).Draw(rt, "mood"))
			}
			var id uuid.UUID
			if err := w.db().QueryRow(context.Background(), `SELECT id FROM payments.payments WHERE saga = $1`, saga).Scan(&id); err != nil {
				rt.Fatal(err)
			}
			p := inside + "/payments/" + id.String()
			var do []func()
			for range rapid.IntRange(1, 3).Draw(rt, "at once") {
				replica := rapid.IntRange(0, 1).Draw(rt, "replica")
				amount := money.New(rapid.Int64Range(1, 5500).Draw(rt, "minor"), "EUR").Amount()
				key, ask := newKey(), ""
				body := amountOf(amount, "EUR", "")
				switch rapid.SampledFrom([]string{"auth", "capture", "capture", "last", "refund", "refund", "void", "undo"}).Draw(rt, "what") {
				case "auth":
					ask, body, key = authorizations, order(saga, "50.00", "EUR", card), saga+":auth"
				case "capture":
					ask = p + "/captures"
				case "last":
					ask, body = p+"/captures", amountOf(amount, "EUR", `,"final":true`)
				case "refund":
					ask = p + "/refunds"
				case "void":
					ask, body = p+"/voids", ""
				case "undo":
					ask, body = inside+"/voids", fmt.Sprintf(`{"saga":%q}`, saga)
				}
				do = append(do, func() { w.post(replica, ask, body, key, "X-Shop-Deadline", "300") })
			}
			atOnceAll(do...)
		}
		w.feel(`{}`)
		w.quiet()
		w.agrees(saga)
		if live := w.live(saga); live > 1 {
			rt.Fatalf("%d authorisations hold money of one saga (%d %s)", live, first.status, first.text)
		}
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// live is how many authorisations of a saga hold money, or took some.
func (w *world) live(saga string) (n int) {
	for _, b := range w.ledger(saga) {
		if b.Held > 0 || b.Captured > 0 {
			n++
		}
	}
	return n
}

// Whatever is decided, one after the other and settled in any order, the limits hold.
func TestNoDecisionTakesOrGivesBackTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Payment{Amount: 1000, Currency: "EUR", Authorized: true, Reference: "r"}
		var open []Attempt
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			amount := p.Money(rapid.Int64Range(-10, 1100).Draw(t, "amount"))
			before, after, err := p, p, error(nil)
			a := Attempt{Amount: amount, Target: "r", Outcome: Open}
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				a.Kind, a.Final = Capture, rapid.Bool().Draw(t, "final")
				after, err = p.BeginCapture(amount, a.Final)
			case 1:
				a.Kind = Refund
				after, err = p.BeginRefund(amount)
			case 2:
				after, _, err = p.BeginVoid()
				kind, all, due := after.Unwind()
				if err == nil && !due {
					continue
				}
				a.Kind, a.Amount = kind, all
			default:
				if len(open) == 0 {
					continue
				}
				n := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				said := Answer{Outcome: rapid.SampledFrom([]Outcome{Done, NotDone}).Draw(t, "outcome"), Amount: open[n].Amount}
				p, _ = p.Settle(open[n], said)
				open = append(open[:n], open[n+1:]...)
				a.Kind = ""
			}
			if err == nil && a.Kind != "" {
				p, open = after, append(open, a)
			}
			if p.Captured+p.Capturing+p.Released > p.Amount || p.Refunded+p.Refunding > p.Captured || p.Capturing < 0 || p.Refunding < 0 ||
				p.Captured < before.Captured || p.Refunded < before.Refunded || p.Released < before.Released {
				t.Fatalf("%+v after %+v", p, before)
			}
			sum := map[string]int64{}
			for _, e := range Entries(before, p) {
				sum[e.Account] += e.Minor
				sum[""] += e.Minor
			}
			if sum[""] != 0 || sum[accountProvider] != (p.Captured-p.Refunded)-(before.Captured-before.Refunded) {
				t.Fatalf("%+v books %v", p, sum)
			}
		}
	})
}

// Over the bus, as in a shop: the order is placed, twice told; the payment is
// captured and told; it is cancelled; the money is back and told.
func TestOrdersEventsAreTakenAndPaymentsEventsTold(t *testing.T) {
	w := newWorld(t)
	bus := eventstest.Bus(t, w.nats)
	var log eventstest.Log
	go func() { _ = bus.Consume(t.Context(), "test", emits, log.Take) }()
	p, o := w.authorized("61.88", "EUR"), uuid.NewString()
	eur := func(amount string) map[string]string { return map[string]string{"amount": amount, "currency": "EUR"} }
	publish := func(kind events.Type, data map[string]any) {
		t.Helper()
		e, err := events.New(t.Context(), "orders", kind, o, data)
		if err == nil {
			err = bus.Publish(t.Context(), []events.Event{e, e})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	publish(events.OrderPlaced, map[string]any{
		"order": o, "number": "1", "saga": p.Saga, "hold": newKey(), "payment": p.ID, "email": "a@example.org", "cart": newKey(), "currency": "EUR",
		"lines":    []any{map[string]any{"sku": "S", "name": "S", "quantity": 1, "unit": eur("61.88"), "total": eur("61.88"), "tax": eur("9.88")}},
		"shipping": eur("0.00"), "discount": eur("0.00"), "total": eur("61.88"), "tax": eur("9.88"), "taxes": []any{map[string]any{"rate": "19", "net": eur("52.00"), "tax": eur("9.88")}},
		"address":     map[string]string{"name": "A", "street": "S 1", "postcode": "10115", "city": "Berlin", "country": "DE"},
		"redemptions": []any{}, "placedAt": time.Now().UTC().Format(time.RFC3339),
	})
	servicetest.Eventually(t, "the order's payment is captured", func() bool { return w.read(p).State == "captured" })
	publish(events.OrderCancelled, map[string]any{"order": o, "number": "1", "at": time.Now().UTC().Format(time.RFC3339), "lines": []any{}, "restock": true})
	servicetest.Eventually(t, "the money is back", func() bool { return w.read(p).State == "refunded" })
	servicetest.Eventually(t, "three things are told", func() bool { return len(log.All()) >= 3 })
	w.quiet()
	var kinds []events.Type
	for _, e := range log.All() {
		kinds = append(kinds, e.Type)
		var data struct{ Payment, Order, Saga, Refund string }
		if err := json.Unmarshal(e.Data, &data); err != nil || e.Subject != p.ID || data.Payment != p.ID || data.Saga != p.Saga || (e.Type == events.PaymentRefunded) != (data.Refund != "") {
			t.Errorf("%s %s", e.Type, e.Data)
		}
	}
	if fmt.Sprint(kinds) != fmt.Sprint([]events.Type{events.PaymentAuthorized, events.PaymentCaptured, events.PaymentRefunded}) {
		t.Errorf("%v", kinds)
	}
	w.agrees(p.Saga)
}

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestTheContractIsKept(t *testing.T) {
	w := newWorld(t)
	(&servicetest.Service{Process: w.replicas[0], URL: w.replicas[0].URL()}).Contract(t)
}
