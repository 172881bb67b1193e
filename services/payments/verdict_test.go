package payments

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/rounds"
)

// judges are checkout, as it tells of sagas, and the worker that asks it.
type judges struct {
	*world
	mu   sync.Mutex
	says map[string]rounds.Verdict
	now  time.Time
	*rounds.Rounds
}

func (w *world) judged() *judges {
	w.t.Helper()
	j := &judges{world: w, says: map[string]rounds.Verdict{}, now: time.Now()}
	checkout := clienttest.Double(w.t, "../checkout/openapi.json", map[string]http.HandlerFunc{"GET /internal/checkout/sagas/{id}": j.tell})
	c := client.New(client.Options{Service: "checkout", URL: checkout.URL})
	j.Rounds = w.newTill(w.db()).asks(c, func() time.Time { return j.now }, prometheus.NewRegistry())
	return j
}

func (j *judges) tell(out http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	v, known := j.says[r.PathValue("id")]
	if !known {
		clienttest.Problem(out, http.StatusNotFound)
		return
	}
	body := map[string]any{"id": r.PathValue("id"), "state": v.State}
	if v.Order != uuid.Nil {
		body["order"] = v.Order
	}
	clienttest.JSON(out, http.StatusOK, body)
}

// round lets time pass, and the worker look once.
func (j *judges) round(later time.Duration) {
	j.t.Helper()
	j.now = j.now.Add(later)
	if _, err := j.Once(j.t.Context()); err != nil {
		j.t.Error(err)
	}
}

const patient = 16 * time.Minute

// A payment whose saga was undone, and of which checkout never said so, is voided; one that was captured is given back. What is
// still under way, what was placed, and what nobody knows stays as it is.
func TestAPaymentWithoutAnOrderIsVoidedWhenItsSagaWasUndone(t *testing.T) {
	w := newWorld(t)
	j := w.judged()
	undone, captured, running, placed, nobody := w.authorized("59.90", "EUR"), w.authorized("20.00", "EUR"), w.authorized("10.00", "EUR"), w.authorized("11.00", "EUR"), w.authorized("12.00", "EUR")
	if r := w.capture(0, captured, "20.00", true); r.status != 201 {
		t.Fatal(r.text)
	}
	j.says[undone.Saga], j.says[captured.Saga] = rounds.Verdict{State: rounds.Undone}, rounds.Verdict{State: rounds.Undone}
	j.says[running.Saga], j.says[placed.Saga] = rounds.Verdict{State: "running"}, rounds.Verdict{State: rounds.Placed, Order: uuid.New()}
	j.round(0)
	w.quiet()
	if got := w.read(undone); got.State != "authorized" {
		t.Fatalf("within its saga's time it is %s", got.State)
	}
	j.round(patient)
	w.quiet()
	for want, all := range map[string][]reply{"voided": {undone}, "refunded": {captured}, "authorized": {running, placed, nobody}} {
		for _, p := range all {
			if got := w.read(p); got.State != want {
				t.Errorf("%s is %s, want %s", p.Amount.Amount, got.State, want)
			}
			w.agrees(p.Saga)
		}
	}
	// The last answer counts, and the event of an order comes after all.
	j.says[nobody.Saga] = rounds.Verdict{State: rounds.Undone}
	if err := postgres.InTx(t.Context(), w.db(), func(tx pgx.Tx) error {
		return w.newTill(w.db()).placed(t.Context(), tx, uuid.MustParse(placed.ID), uuid.New(), money.New(200, "EUR"))
	}); err != nil {
		t.Fatal(err)
	}
	j.round(patient)
	w.quiet()
	if got := w.read(nobody); got.State != "voided" {
		t.Errorf("asked again: %s", got.State)
	}
	if got := w.read(placed); got.State != "captured" {
		t.Errorf("its order came: %s", got.State)
	}
}

// An authorisation that nobody has an answer to is undone as well: whatever the provider says of it later, nothing is kept.
func TestAnUnknownAuthorisationOfAnUndoneSagaKeepsNothing(t *testing.T) {
	w := newWorld(t)
	j := w.judged()
	saga := newKey()
	w.feel(`{"lose":1}`)
	if r := w.post(0, authorizations, order(saga, "59.90", "EUR", "tok_visa"), saga+":auth", "X-Shop-Deadline", "500"); r.status != 503 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	j.says[saga] = rounds.Verdict{State: rounds.Undone}
	j.round(patient)
	w.feel(`{}`)
	w.quiet()
	if sum, _ := w.charged(saga); sum.Held != 0 || sum.Captured != 0 {
		t.Errorf("the provider holds %+v", sum)
	}
	w.agrees(saga)
}

// A verdict that comes late takes nothing from an order.
func TestAVerdictTakesNothingFromAnOrder(t *testing.T) {
	w := newWorld(t)
	p := w.authorized("59.90", "EUR")
	till := w.newTill(w.db())
	err := postgres.InTx(t.Context(), w.db(), func(tx pgx.Tx) error {
		id := uuid.MustParse(p.ID)
		if err := till.placed(t.Context(), tx, id, uuid.New(), money.New(0, "EUR")); err != nil {
			return err
		}
		return till.judge(t.Context(), tx, id, rounds.Verdict{State: rounds.Undone})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.quiet()
	if got := w.read(p); got.State != "captured" {
		t.Errorf("it is %s", got.State)
	}
}
