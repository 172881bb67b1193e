package payments

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
	pspfake "github.com/emporium-shop/emporium/services/psp-fake"
)

// times is how often a race is run.
const times = 20

func TestC02TheProviderIsAskedInTheDigitsOfTheCurrency(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		amount, currency string
		minor            int64
	}{{"80", "JPY", 80}, {"3.750", "KWD", 3750}, {"12.90", "EUR", 1290}, {"0.0001", "CLF", 1}, {"5", "UGX", 5}, {"1", "EUR", 100}} {
		r := w.authorized(c.amount, c.currency)
		if sum, n := w.charged(r.Saga); sum.Authorized != c.minor || n != 1 {
			t.Errorf("%s %s: the provider was asked for %d", c.amount, c.currency, sum.Authorized)
		}
	}
	for _, c := range [][2]string{{"80.0", "JPY"}, {"80.00", "JPY"}, {"1.2345", "KWD"}, {"12.345", "EUR"}, {"1e3", "EUR"}, {"12.90", "eur"}, {"12.90", "XYZ"}, {"0.00", "EUR"}, {"-1.00", "EUR"}} {
		saga := newKey()
		if r := w.post(0, authorizations, order(saga, c[0], c[1], "tok_visa"), saga+":auth"); r.status != 422 || len(w.ledger(saga)) != 0 {
			t.Errorf("%v: %d %s", c, r.status, r.text)
		}
	}
	saga := newKey()
	if r := w.post(0, authorizations, fmt.Sprintf(`{"saga":%q,"card":"tok_visa","amount":{"amount":12.9,"currency":"EUR"}}`, saga), saga+":auth"); r.status != 422 {
		t.Errorf("a JSON number: %d %s", r.status, r.text)
	}
}

func TestC22bAnAnswerAfterTheTimeoutIsAskedFor(t *testing.T) {
	w := newWorld(t)
	for _, card := range []string{"tok_slow", "tok_lost"} {
		saga := newKey()
		first := w.post(0, authorizations, order(saga, "59.90", "EUR", card), saga+":auth", "X-Shop-Deadline", "700")
		if first.status != 503 || first.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", card, first.status, first.text)
		}
		again := w.insist(1, authorizations, order(saga, "59.90", "EUR", card), saga+":auth")
		if sum, n := w.charged(saga); again.status != 201 || again.State != "authorized" || n != 1 || sum.Held != 5990 {
			t.Errorf("%s: %d %s; %d authorisations", card, again.status, again.text, n)
		}
	}
}

// Nobody comes again: the worker finds out all the same, and the books are right within 60 s.
func TestC22cTheProviderIsAwayAndThenKnowsNothing(t *testing.T) {
	w := newWorld(t)
	w.feel(`{"away":true}`)
	saga := newKey()
	if r := w.post(0, authorizations, order(saga, "59.90", "EUR", "tok_visa"), saga+":auth", "X-Shop-Deadline", "900"); r.status != 503 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	if r := w.post(1, authorizations, order(saga, "59.90", "EUR", "tok_visa"), saga+":auth", "X-Shop-Deadline", "900"); r.status != 503 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	w.feel(`{}`)
	w.quiet()
	r := w.post(0, authorizations, order(saga, "59.90", "EUR", "tok_visa"), saga+":auth")
	if list := w.ledger(saga); r.status != 201 || len(list) != 1 || list[0].Held != 5990 {
		t.Errorf("%d %s; %+v", r.status, r.text, list)
	}
	w.agrees(saga)
}

func TestC22eTheKeyIsMadeOfTheSagaAndTheStep(t *testing.T) {
	w := newWorld(t)
	r := w.authorized("59.90", "EUR")
	if list := w.ledger(r.Saga); len(list) != 1 || list[0].Reference != r.Saga+":authorize" {
		t.Errorf("%+v", list)
	}
	// A card that was declined for good is another step; the same request again is not.
	saga := newKey()
	for range 2 {
		if r := w.post(0, authorizations, order(saga, "5.00", "EUR", "tok_declined"), saga+":auth"); r.status != 409 || !strings.HasSuffix(r.Type, "payment-declined") || len(r.Errors) != 1 || r.Errors[0].Pointer != "#/card" {
			t.Fatalf("%d %s", r.status, r.text)
		}
	}
	if r := w.post(0, authorizations, order(saga, "5.00", "EUR", "tok_visa"), saga+":auth"); r.status != 201 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	if list := w.ledger(saga); len(list) != 2 || list[0].Reference != saga+":authorize" || list[1].Reference != saga+":authorize:2" {
		t.Errorf("%+v", list)
	}
}

func TestOneAuthorisationForASaga(t *testing.T) {
	w := newWorld(t)
	for range times {
		saga := newKey()
		got := make([]reply, 6)
		do := make([]func(), len(got))
		for n := range got {
			key := saga + ":auth"
			if n >= 4 {
				key = newKey() // a saga that forgot its key
			}
			do[n] = func() { got[n] = w.insist(n%2, authorizations, order(saga, "20.00", "EUR", "tok_visa"), key) }
		}
		atOnceAll(do...)
		if _, n := w.charged(saga); n != 1 || statuses(got...)[201] < 1 || statuses(got...)[201]+statuses(got...)[409] != len(got) {
			t.Fatalf("%d authorisations, %v", n, statuses(got...))
		}
	}
}

func TestC25CaptureOnceNotAfterAVoidNotTooMuch(t *testing.T) {
	w := newWorld(t)
	t.Run("a", func(t *testing.T) {
		for range times {
			p := w.authorized("50.00", "EUR")
			var one, two reply
			atOnceAll(func() { one = w.capture(0, p, "50.00", false) }, func() { two = w.capture(1, p, "50.00", false) })
			if s := statuses(one, two); s[201] != 1 || s[409] != 1 || w.read(p).Captured.Amount != "50.00" {
				t.Fatalf("%v, %s", s, w.read(p).text)
			}
			w.agrees(p.Saga)
		}
	})
	t.Run("b", func(t *testing.T) {
		p := w.authorized("50.00", "EUR")
		if s := []int{w.capture(0, p, "30.00", false).status, w.capture(0, p, "25.00", false).status, w.capture(1, p, "20.00", false).status}; fmt.Sprint(s) != "[201 409 201]" {
			t.Errorf("%v", s)
		}
		if got := w.read(p); got.Captured.Amount != "50.00" || got.State != "captured" {
			t.Errorf("%s", got.text)
		}
		w.agrees(p.Saga)
	})
	t.Run("c", func(t *testing.T) {
		p := w.authorized("50.00", "EUR")
		last := w.capture(0, p, "30.00", true)
		if last.status != 201 || last.Released.Amount != "20.00" || last.Operation == "" {
			t.Errorf("%d %s", last.status, last.text)
		}
		if s := []int{w.void(0, p).status, w.capture(1, p, "1.00", false).status}; fmt.Sprint(s) != "[409 409]" {
			t.Errorf("%v", s)
		}
		if got := w.read(p); got.Refundable.Amount != "30.00" || got.Captured.Amount != "30.00" {
			t.Errorf("%s", got.text)
		}
		w.agrees(p.Saga)
	})
	t.Run("d", func(t *testing.T) {
		p := w.authorized("50.00", "EUR")
		if s := []int{w.void(0, p).status, w.capture(0, p, "50.00", false).status, w.void(1, p).status}; fmt.Sprint(s) != "[201 409 201]" {
			t.Errorf("%v", s)
		}
		if got := w.read(p); got.State != "voided" || got.Released.Amount != "50.00" {
			t.Errorf("%s", got.text)
		}
		w.agrees(p.Saga)
	})
	t.Run("e", func(t *testing.T) {
		p := w.authorized("50.00", "EUR")
		o := uuid.New()
		if _, err := w.db().Exec(t.Context(), `UPDATE payments.payments SET order_id = $2 WHERE id = $1`, p.ID, o); err != nil {
			t.Fatal(err)
		}
		w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error { return till.cancelled(ctx, tx, o) })
		if r := w.capture(0, p, "50.00", false); r.status != 409 {
			t.Errorf("%d %s", r.status, r.text)
		}
		w.quiet()
		if got := w.read(p); got.State != "voided" || got.Captured.Amount != "0.00" {
			t.Errorf("%s", got.text)
		}
		w.agrees(p.Saga)
	})
	t.Run("f", func(t *testing.T) {
		for range times {
			p := w.authorized("50.00", "EUR")
			var one, two reply
			atOnceAll(func() { one = w.capture(0, p, "50.00", false) }, func() { two = w.void(1, p) })
			if s := statuses(one, two); s[201] != 1 || s[409] != 1 {
				t.Fatalf("%v: %s %s", s, one.text, two.text)
			}
			w.agrees(p.Saga)
		}
	})
	t.Run("g", func(t *testing.T) {
		p := w.authorized("50.00", "EUR")
		for _, body := range []string{amountOf("0.00", "EUR", ""), amountOf("-1.00", "EUR", ""), amountOf("50.00", "USD", "")} {
			if r := w.post(0, of(p)+"/captures", body, newKey()); r.status != 422 || len(r.Errors) != 1 || !strings.HasPrefix(r.Errors[0].Pointer, "#/amount") {
				t.Errorf("%s: %d %s", body, r.status, r.text)
			}
		}
		w.agrees(p.Saga)
	})
}

// happens has an effect as an event has it: in a transaction of the consumer's.
func (w *world) happens(do func(context.Context, pgx.Tx, *till) error) {
	w.t.Helper()
	till := w.newTill(w.db())
	err := postgres.InTx(w.t.Context(), w.db(), func(tx pgx.Tx) error { return do(w.t.Context(), tx, till) })
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestAnOrderThatIsPlacedIsCapturedAndOneThatIsCancelledGivenBack(t *testing.T) {
	w := newWorld(t)
	p := w.authorized("61.88", "EUR")
	id, o := uuid.MustParse(p.ID), uuid.New()
	for range 2 { // the event comes twice
		w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error {
			return till.placed(ctx, tx, id, o, money.New(988, "EUR"))
		})
	}
	w.quiet()
	if got := w.read(p); got.State != "captured" || got.Captured.Amount != "61.88" {
		t.Fatalf("%s", got.text)
	}
	if r := w.refund(0, p, "32.00"); r.status != 201 || r.RefundedTax.Amount != "5.11" {
		t.Errorf("%d %s", r.status, r.text)
	}
	for range 2 {
		w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error { return till.cancelled(ctx, tx, o) })
	}
	w.quiet()
	if got := w.read(p); got.State != "refunded" || got.Refunded.Amount != "61.88" || got.RefundedTax.Amount != "9.88" {
		t.Errorf("%s", got.text)
	}
	w.agrees(p.Saga)
}

// The order was cancelled while its capture was under way: what was taken goes back.
func TestACancelThatOvertakesTheCaptureGivesBackWhatItTook(t *testing.T) {
	w := newWorld(t)
	p := w.authorized("10.00", "EUR")
	id, o := uuid.MustParse(p.ID), uuid.New()
	w.happens(func(ctx context.Context, tx pgx.Tx, till *till) error {
		if err := till.placed(ctx, tx, id, o, money.New(0, "EUR")); err != nil {
			return err
		}
		return till.cancelled(ctx, tx, o)
	})
	w.quiet()
	if got := w.read(p); got.State != "refunded" || got.Refunded.Amount != "10.00" {
		t.Errorf("%s", got.text)
	}
	w.agrees(p.Saga)
}

// Checkout undoes a saga of whose authorisation nobody knows: whatever becomes of it, it is released.
func TestASagaThatIsUndoneKeepsNothing(t *testing.T) {
	w := newWorld(t)
	undo := func(saga string) string { return fmt.Sprintf(`{"saga":%q}`, saga) }
	for range times {
		saga := newKey()
		var auth, void reply
		atOnceAll(func() { auth = w.insist(0, authorizations, order(saga, "59.90", "EUR", "tok_visa"), saga+":auth") },
			func() { void = w.insist(1, inside+"/voids", undo(saga), saga+":void") })
		w.quiet()
		if sum, n := w.charged(saga); void.status != 201 || sum.Held != 0 || n > 1 || (auth.status != 201 && auth.status != 409) {
			t.Fatalf("%d %s, %d %s; %+v", auth.status, auth.text, void.status, void.text, sum)
		}
		if late := w.post(0, authorizations, order(saga, "59.90", "EUR", "tok_visa"), newKey()); late.status != 409 {
			t.Fatalf("an authorisation after the undo: %d %s", late.status, late.text)
		}
	}
	saga := newKey()
	w.feel(`{"away":true}`)
	if r := w.post(0, authorizations, order(saga, "1.00", "EUR", "tok_visa"), saga+":auth", "X-Shop-Deadline", "500"); r.status != 503 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	if r := w.post(0, inside+"/voids", undo(saga), saga+":void", "X-Shop-Deadline", "500"); r.status != 503 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	w.feel(`{}`)
	w.quiet()
	if r := w.post(0, inside+"/voids", undo(saga), saga+":void"); r.status != 201 || r.State != "voided" {
		t.Errorf("%d %s", r.status, r.text)
	}
	w.agrees(saga)
}

// A key that was answered is answered so for ever, whatever became of the payment since; another one gets nothing of a saga that was undone.
func TestAnAuthorisationIsToldByItsKeyAfterItsVoid(t *testing.T) {
	w := newWorld(t)
	saga := newKey()
	first := w.insist(0, authorizations, order(saga, "59.90", "EUR", "tok_visa"), saga+":auth")
	if r := w.insist(1, of(first)+"/voids", "", newKey()); first.status != 201 || r.State != "voided" {
		t.Fatalf("%d %s, %s", first.status, first.text, r.text)
	}
	if again := w.insist(1, authorizations, order(saga, "59.90", "EUR", "tok_visa"), saga+":auth"); again.status != 201 || again.text != first.text {
		t.Errorf("by its key: %d %s, was %s", again.status, again.text, first.text)
	}
	for name, r := range map[string]reply{
		"another key": w.post(0, authorizations, order(saga, "59.90", "EUR", "tok_visa"), newKey()), "another body": w.post(0, authorizations, order(saga, "1.00", "EUR", "tok_visa"), saga+":auth"),
	} {
		if r.status != 409 && r.status != 422 {
			t.Errorf("%s: %d %s", name, r.status, r.text)
		}
	}
	w.agrees(saga)
}

func TestC21AnAuthorisationOfAnotherAmountIsVoidedAndNothingElse(t *testing.T) {
	w := newWorld(t)
	for _, mood := range []string{`{"wrongAmount":1}`, `{"wrongCurrency":1}`} {
		w.feel(mood)
		saga := newKey()
		r := w.post(0, authorizations, order(saga, "59.90", "EUR", "tok_visa"), saga+":auth")
		w.quiet()
		sum, n := w.charged(saga)
		if r.status != 409 || !strings.HasSuffix(r.Type, "payment-declined") || n != 1 || sum.Held != 0 || sum.Captured != 0 {
			t.Errorf("%s: %d %s; %+v", mood, r.status, r.text, sum)
		}
	}
	res := servicetest.Service{Process: w.replicas[0], URL: w.replicas[0].SideURL()}
	if _, text := res.Whole(t, "GET", "/metrics", ""); !strings.Contains(string(text), "shop_payments_mismatches_total ") || strings.Contains(string(text), "shop_payments_mismatches_total 0") {
		t.Error("no metric counts it")
	}
}

func TestC30NeverMoreBackThanWasTaken(t *testing.T) {
	w := newWorld(t)
	captured := func(card string) reply {
		p := w.authorized("100.00", "EUR", card)
		if r := w.capture(0, p, "100.00", true); r.status != 201 {
			t.Fatalf("%d %s", r.status, r.text)
		}
		return p
	}
	for range times {
		p := captured("tok_visa")
		first := w.refund(0, p, "60.00")
		if s := []int{first.status, w.refund(0, p, "50.00").status}; fmt.Sprint(s) != "[201 409]" || first.Refundable.Amount != "40.00" {
			t.Fatalf("%v %s", s, first.text)
		}
		var one, two reply
		atOnceAll(func() { one = w.refund(0, p, "40.00") }, func() { two = w.refund(1, p, "40.00") })
		if s := statuses(one, two); s[201] != 1 || s[409] != 1 {
			t.Fatalf("%v", s)
		}
		w.agrees(p.Saga)
	}
	p, key := captured("tok_visa"), newKey()
	a := w.post(0, of(p)+"/refunds", amountOf("30.00", "EUR", ""), key)
	b := w.post(1, of(p)+"/refunds", amountOf("30.00", "EUR", ""), key)
	if a.text != b.text || b.header.Get("Idempotent-Replayed") != "true" || w.read(p).Refunded.Amount != "30.00" {
		t.Errorf("the same key: %s, %s", a.text, b.text)
	}
	if r := w.post(1, of(p)+"/refunds", amountOf("31.00", "EUR", ""), key); r.status != 422 {
		t.Errorf("the key with another body: %d %s", r.status, r.text)
	}
	for _, body := range []string{amountOf("0.00", "EUR", ""), amountOf("10.00", "USD", "")} {
		if r := w.post(0, of(p)+"/refunds", body, newKey()); r.status != 422 {
			t.Errorf("%s: %d %s", body, r.status, r.text)
		}
	}
	if r := w.refund(0, w.authorized("100.00", "EUR"), "1.00"); r.status != 409 {
		t.Errorf("only authorised: %d %s", r.status, r.text)
	}
	failing := captured("tok_refund_fails")
	for range 2 {
		if r := w.refund(0, failing, "100.00"); r.status != 409 {
			t.Errorf("a refund that fails: %d %s", r.status, r.text)
		}
	}
	if got := w.read(failing); got.Refunded.Amount != "0.00" || got.Refundable.Amount != "100.00" {
		t.Errorf("its amount is not free: %s", got.text)
	}
	w.agrees(failing.Saga)
	// One that is under way counts.
	slow := captured("tok_visa")
	w.feel(`{"away":true}`)
	if r := w.post(0, of(slow)+"/refunds", amountOf("100.00", "EUR", ""), newKey(), "X-Shop-Deadline", "500"); r.status != 503 {
		t.Errorf("%d %s", r.status, r.text)
	}
	if r := w.refund(1, slow, "0.01"); r.status != 409 {
		t.Errorf("%d %s", r.status, r.text)
	}
	w.feel(`{}`)
	w.quiet()
	w.agrees(slow.Saga)
}

// told sends a webhook as the provider does.
func (w *world) told(body string) reply {
	w.t.Helper()
	return w.send(0, "POST", root+"/webhooks", body, signature, pspfake.Sign(secret, time.Now(), []byte(body)), "Authorization", "")
}

func TestC26WebhooksEarlyTwiceAndOutOfOrder(t *testing.T) {
	w := newWorld(t)
	w.shut.Store(true) // the provider's own are lost: those below are what comes
	about := func(kind, psp, reference, operation, opReference string) string {
		return fmt.Sprintf(`{"id":"evt_%s","type":%q,"payment":%q,"reference":%q,"operation":%q,"operationReference":%q,"minor":5990,"currency":"EUR","new":1}`,
			newKey(), kind, psp, reference, operation, opReference)
	}
	for _, way := range [][]int{{1, 2, 0}, {2, 1, 0}, {1, 0, 2}} {
		saga := newKey()
		if r := w.post(0, authorizations, order(saga, "59.90", "EUR", "tok_declined"), saga+":auth"); r.status != 409 {
			t.Fatalf("%d %s", r.status, r.text)
		}
		p := w.insist(0, authorizations, order(saga, "59.90", "EUR", "tok_visa"), saga+":auth")
		c := w.capture(0, p, "59.90", true)
		var operation string
		if err := w.db().QueryRow(t.Context(), `SELECT provided FROM payments.attempts WHERE id = $1`, c.Operation).Scan(&operation); err != nil {
			t.Fatal(err)
		}
		events := []string{
			about("payment.failed", newKey(), saga+":authorize", "", ""),
			about("payment.authorized", p.PSPReference, saga+":authorize:2", "", ""),
			about("payment.captured", p.PSPReference, saga+":authorize:2", operation, saga+":capture:1"),
		}
		for _, n := range way {
			for range 2 {
				if r := w.told(events[n]); r.status != 200 {
					t.Errorf("event %d: %d %s", n, r.status, r.text)
				}
			}
		}
		// Another id, the same capture.
		if r := w.told(about("payment.captured", p.PSPReference, saga+":authorize:2", operation, saga+":capture:1")); r.status != 200 {
			t.Errorf("%d %s", r.status, r.text)
		}
		if got := w.read(p); got.State != "captured" || got.Captured.Amount != "59.90" {
			t.Errorf("%v: %s", way, got.text)
		}
		w.agrees(saga)
	}
	unknown := about("payment.captured", newKey(), "nothing", newKey(), "nothing")
	for range 2 {
		if r := w.told(unknown); r.status != 404 {
			t.Errorf("of something unknown: %d %s; it would not come again", r.status, r.text)
		}
	}
	if r := w.send(0, "POST", root+"/webhooks", unknown, signature, "t=1,v1=é", "Authorization", ""); r.status != 400 {
		t.Errorf("not signed: %d %s", r.status, r.text)
	}
}

// The webhook comes before the answer, and before the provider's id is known.
func TestC26AnEventBeforeTheAnswerSettlesThePayment(t *testing.T) {
	w := newWorld(t)
	saga := newKey()
	r := w.post(0, authorizations, order(saga, "59.90", "EUR", "tok_slow"), saga+":auth", "X-Shop-Deadline", "400")
	if r.status != 503 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	servicetest.Eventually(t, "the payment is authorised without another question", func() bool {
		p, err := scanPayment(w.db().QueryRow(t.Context(), `SELECT `+paymentColumns+` FROM payments.payments WHERE saga = $1`, saga))
		return err == nil && p.Authorized
	})
	w.agrees(saga)
}

func TestNoCardIsInTheLogOrKept(t *testing.T) {
	w := newWorld(t)
	for _, card := range []string{"tok_visa", "tok_declined", "tok_lost"} {
		saga := newKey()
		w.insist(0, authorizations, order(saga, "5.00", "EUR", card), saga+":auth")
	}
	w.quiet()
	if strings.Contains(w.log.String(), "tok_") {
		t.Error("a card's token is in the log")
	}
	var kept int
	if err := w.db().QueryRow(t.Context(), `SELECT count(*) FROM payments.attempts WHERE card <> '' OR print LIKE '%tok%'`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d tokens are kept: %v", kept, err)
	}
}

// Somebody captured the payment of a checkout that is undone: its void is refused until all is given back. Then there is nothing left
// to release, and the checkout, which is stuck until then, ends.
func TestAPaymentThatWasGivenBackWholeIsVoidedAsWell(t *testing.T) {
	w := newWorld(t)
	r := w.authorized("50.00", "EUR")
	if c := w.capture(0, r, "50.00", true); c.status != 201 {
		t.Fatalf("%d %s", c.status, c.text)
	}
	for _, part := range []string{"20.00", "30.00"} {
		if v := w.void(0, r); v.status != 409 {
			t.Errorf("money is with the shop, and it is void: %d %s", v.status, v.text)
		}
		if back := w.refund(1, r, part); back.status != 201 {
			t.Fatalf("%d %s", back.status, back.text)
		}
	}
	if v := w.void(0, r); v.status != 201 || v.State != "refunded" || v.Refunded.Amount != "50.00" {
		t.Errorf("all was given back, and it is not void: %d %s", v.status, v.text)
	}
	w.quiet()
	w.agrees(r.Saga)
}
