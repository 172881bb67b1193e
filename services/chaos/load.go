package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// hot is what everybody wants and there are few of, hotUnits how many.
	hot      = "KIT-1001"
	hotUnits = 40
	// sampleUnits is how many the samples have of each.
	sampleUnits = 1000
	// fewCode is a coupon that few orders may have, fewUses how many.
	fewCode = "FEW"
	fewUses = 5
)

// goods are what is bought beside: also one of which the samples have three.
var goods = []string{"KIT-1002", "KIT-1003", "KIT-1004", "KIT-1005", "TOY-1299"}

// plenty is of how many of them there is more than anybody buys.
const plenty = 4

// load is customers that order, and what they know.
type load struct {
	*customers
	world *world
	mu    sync.Mutex
	all   []*attempt
	wait  sync.WaitGroup
	// account is who orders signed in, beside guests; nil: nobody does.
	account *account
}

// newLoad makes one in which nobody orders yet.
func (w *world) newLoad(seen func(request, answer, time.Time)) *load {
	return &load{world: w, customers: &customers{front: w.front.url, journal: w.journal, http: w.client(), seen: seen}}
}

// begin lets customers order until enough ends. What they began then goes on until patient ends.
func (l *load) begin(enough, patient context.Context) {
	for n := range l.world.options.customers {
		l.wait.Go(func() {
			draw := rand.New(rand.NewPCG(l.world.seed, uint64(n))) //nolint:gosec // no secret
			for k := 0; enough.Err() == nil; k++ {
				shown := ""
				if n == 0 && l.account != nil {
					shown = l.account.authorization()
				}
				l.customer(patient, draw, fmt.Sprintf("c%d-%d@chaos.example", n, k), shown)
			}
		})
	}
	l.wait.Go(func() { l.prices(enough) })
}

// customer is one who orders something; shown is the Authorization of who is signed in.
func (l *load) customer(ctx context.Context, draw *rand.Rand, email, shown string) {
	t := &attempt{email: email, shown: shown, outcome: nobodyKnows, card: "tok_visa", key: uuid.NewString(), impatient: draw.IntN(20) == 0, double: draw.IntN(10) == 0}
	switch draw.IntN(20) {
	case 0:
		t.card = "tok_declined"
	case 1:
		t.card = "tok_lost"
	case 2, 3:
		t.code = fewCode
	}
	if shown != "" { // the codes of guests are guesses of many; of one customer so many would be refused
		t.code = ""
	}
	want := map[string]int64{goods[draw.IntN(len(goods))]: int64(1 + draw.IntN(3))}
	if draw.IntN(3) == 0 {
		want[hot] = 1
	}
	l.keep(t)
	if !l.fill(ctx, t, want) || !l.ask(ctx, t) {
		return
	}
	l.place(ctx, t)
	for again := 0; t.outcome == refused && t.why == "quote-changed" && again < 3; again++ {
		if t = l.anew(t, again); !l.ask(ctx, t) {
			return
		}
		l.place(ctx, t)
	}
	if t.outcome == placed && draw.IntN(8) == 0 {
		l.cancel(ctx, t)
	}
}

// anew is another attempt with the same cart: prices changed.
func (l *load) anew(before *attempt, n int) *attempt {
	t := &attempt{email: fmt.Sprintf("again%d-%s", n, before.email), outcome: nobodyKnows, card: before.card, code: before.code, shown: before.shown, cart: before.cart, key: uuid.NewString()}
	l.keep(t)
	return t
}

func (l *load) keep(t *attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, t)
}

// prices change while customers order.
func (l *load) prices(ctx context.Context) {
	for n := 0; pauses(ctx, 3*time.Second); n++ {
		got := l.insist(ctx, request{who: "prices", method: http.MethodPost, path: "/api/pricing/prices", key: uuid.NewString(),
			header: map[string]string{"Authorization": l.world.staff("pricing:write")},
			body:   map[string]any{"sku": goods[n%plenty], "list": "EUR", "price": amount{fmt.Sprintf("%d.%02d", 20+n%30, n%100), "EUR"}}})
		if got.final() && got.status != http.StatusCreated {
			l.journal.fault("an answer that nothing explains", fmt.Sprintf("entering a price: %d %s", got.status, got.body))
		}
	}
}

// settle lets everybody ask again who has no answer, by the same key.
func (l *load) settle(ctx context.Context) {
	var each sync.WaitGroup
	turn := make(chan struct{}, 8)
	for _, t := range l.all {
		if !t.asked || t.outcome != nobodyKnows {
			continue
		}
		each.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			if got := l.insist(ctx, t.request()); !t.hears(got) {
				l.unexpected(ctx, t, "asking again for an order", got)
			}
		})
	}
	each.Wait()
}
