package loyalty

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

const ofAnna = root + "/staff/customers/anna"

func TestACustomerSeesHisPointsAndNobodyElses(t *testing.T) {
	s := serve(t)
	anna, ben := []string{"Authorization", accesstest.Customer(t, "anna")}, []string{"Authorization", accesstest.Customer(t, "ben")}
	for n, body := range []string{`{"points":700,"reason":"A late parcel"}`, `{"points":-200,"reason":"A mistake"}`} {
		if a := s.post(ofAnna+"/corrections", body); a.status != 200 || string(a.Points) != []string{"700", "500"}[n] {
			t.Fatalf("%d %s", a.status, a.text)
		}
	}
	mine := s.send("GET", root+"/account", "", anna...)
	if string(mine.Points) != "500" || mine.Available != 500 || mine.Year != 0 || mine.Tier != "bronze" || mine.NextTier == nil || *mine.NextTier != (tierBody{"silver", 500}) {
		t.Errorf("%s", mine.text)
	}
	if staff := s.send("GET", ofAnna, ""); staff.text != mine.text {
		t.Errorf("staff sees %s, the customer %s", staff.text, mine.text)
	}
	first := s.send("GET", root+"/entries?limit=1", "", anna...)
	second := s.send("GET", root+"/entries?limit=1&cursor="+first.Next, "", anna...)
	if len(first.Items) != 1 || first.Items[0].Points != -200 || first.Items[0].Reason != "A mistake" || len(second.Items) != 1 || second.Items[0].Points != 700 || second.Next != "" {
		t.Errorf("%s, then %s", first.text, second.text)
	}
	if strings.Contains(first.text, `"staff"`) {
		t.Errorf("the customer is told who corrected: %s", first.text)
	}
	if a := s.send("GET", ofAnna+"/entries", ""); len(a.Items) != 2 || a.Items[0].Staff == "" {
		t.Errorf("%s", a.text)
	}
	if a := s.send("GET", root+"/entries?cursor="+first.Next, "", ben...); a.status != 400 {
		t.Errorf("another customer's cursor: %d %s", a.status, a.text)
	}
	if a := s.send("GET", root+"/account", "", ben...); string(a.Points) != "0" || a.Available != 0 {
		t.Errorf("%s", a.text)
	}
}

func TestTiersAreListedAPieceAtATime(t *testing.T) {
	s := serve(t)
	first := s.send("GET", root+"/tiers?limit=2", "", "Authorization", "")
	second := s.send("GET", root+"/tiers?limit=2&cursor="+first.Next, "", "Authorization", "")
	if len(first.Items) != 2 || first.Items[1].Name != "silver" || len(second.Items) != 1 || second.Items[0].Name != "gold" || second.Next != "" {
		t.Errorf("%s, then %s", first.text, second.text)
	}
}

func TestC44AGiftCardIsUsedInParts(t *testing.T) {
	s := serve(t)
	card := s.issue("50.00")
	payments := []string{"Authorization", accesstest.Service(t, "payments")}
	first := s.hold(`"cards":[` + cardPart(card.Code, "32.50") + `]`)
	if first.status != 201 || first.at != holdsRoot+"/"+first.ID || s.left(card) != "17.50" {
		t.Fatalf("%s, %s left", first.text, s.left(card))
	}
	quote := s.send("POST", internal+"/quotes", `{"caller":"c","total":{"amount":"30.00","currency":"EUR"},"cards":["`+strings.ToLower(card.Code)+`"]}`, "Authorization", s.checkout)
	if quote.status != 200 || quote.Left.Amount != "12.50" || !quote.Cards[0].Active || quote.Cards[0].Amount.Amount != "17.50" {
		t.Errorf("%s", quote.text)
	}
	second := s.hold(`"cards":[` + cardPart(card.Code, "17.50") + `]`)
	if a := s.step(second.ID, "commit", `{"order":"`+uuid.NewString()+`"}`); a.status != 200 || a.State != string(Committed) || s.left(card) != "0.00" {
		t.Errorf("%s, %s left", a.text, s.left(card))
	}
	refund := `{"amount":{"amount":"20.00","currency":"EUR"},"provider":{"amount":"12.50","currency":"EUR"}}`
	a := s.post(holdsRoot+"/"+second.ID+"/refunds", refund, payments...)
	if a.status != 200 || a.Provider.Amount != "12.50" || len(a.Cards) != 1 || a.Cards[0].Back.Amount != "7.50" || s.left(card) != "7.50" {
		t.Errorf("%s, %s left", a.text, s.left(card))
	}
	if a := s.post(holdsRoot+"/"+second.ID+"/refunds", refund, payments...); a.status != 200 || s.left(card) != "15.00" {
		t.Errorf("another one: %s, %s left", a.text, s.left(card))
	}
	if a := s.post(holdsRoot+"/"+second.ID+"/refunds", refund, payments...); a.status != 409 || s.left(card) != "15.00" {
		t.Errorf("more than was paid: %s, %s left", a.text, s.left(card))
	}
	for range 2 {
		if a := s.step(first.ID, "release", ""); a.status != 200 || a.State != string(Released) || s.left(card) != "47.50" {
			t.Errorf("released: %s, %s left", a.text, s.left(card))
		}
	}
}

func TestC44TwoCardsOnOneOrder(t *testing.T) {
	s := serve(t)
	one, two := s.issue("50.00"), s.issue("50.00")
	q := s.send("POST", internal+"/quotes", `{"caller":"c","total":{"amount":"60.00","currency":"EUR"},"cards":["`+one.Code+`","NONE","`+two.Code+`"]}`, "Authorization", s.checkout)
	if q.status != 200 || len(q.Cards) != 3 || q.Cards[0].Amount.Amount != "50.00" || q.Cards[1].Active || q.Cards[2].Amount.Amount != "10.00" || q.Left.Amount != "0.00" {
		t.Fatalf("%s", q.text)
	}
	if a := s.hold(`"cards":[` + cardPart(one.Code, "50.00") + `,` + cardPart(two.Code, "10.00") + `]`); a.status != 201 || s.left(one) != "0.00" || s.left(two) != "40.00" {
		t.Errorf("%s", a.text)
	}
	if a := s.send("POST", internal+"/quotes", `{"caller":"c","total":{"amount":"60.00","currency":"SEK"},"cards":["`+two.Code+`"]}`, "Authorization", s.checkout); a.status != 422 {
		t.Errorf("kronor: %d %s", a.status, a.text)
	}
}

// C44: over two replicas, fifty orders of 50.00 with one card of 50.00: one has it, the others 409.
func TestC44FiftyOrdersOverTwoReplicas(t *testing.T) {
	one := serve(t)
	two := serve(t, "DATABASE_URL", one.database)
	card := one.issue("50.00")
	won := make(chan string, 50)
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			switch a := []*shop{one, two}[n%2].hold(`"cards":[` + cardPart(card.Code, "50.00") + `]`); {
			case a.status == 201:
				won <- a.ID
			case a.status != 409 || !strings.Contains(a.text, `"#/cards/0"`):
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
	all.Wait()
	if len(won) != 1 || one.left(card) != "0.00" {
		t.Errorf("%d won, %s left", len(won), one.left(card))
	}
}

func TestC44ACardWhoseOrderIsRefundedIsClosed(t *testing.T) {
	s := serve(t)
	card := s.issue("50.00")
	s.hold(`"cards":[` + cardPart(card.Code, "32.50") + `]`)
	for n, want := range []string{"17.50", "0.00"} {
		a := s.post(card.at+"/closures", "")
		if a.status != 200 || !a.Closed || a.money(t, a.Refundable) != want || a.money(t, a.Balance) != "0.00" {
			t.Errorf("closed %d times: %s", n+1, a.text)
		}
	}
	if a := s.hold(`"cards":[` + cardPart(card.Code, "1.00") + `]`); a.status != 409 {
		t.Errorf("a closed card pays: %s", a.text)
	}
}

// C42: a code that nobody has, a closed card and one that is used up get one answer, here and in a quote.
func TestC42NobodyLearnsWhichCodesThereAre(t *testing.T) {
	s := serve(t)
	closedCard, empty, good := s.issue("50.00"), s.issue("50.00"), s.issue("50.00")
	s.post(closedCard.at+"/closures", "")
	s.hold(`"cards":[` + cardPart(empty.Code, "50.00") + `]`)
	var first, quoted string
	for n, code := range []string{"NONE-NONE-NONE-NONE", closedCard.Code, empty.Code} {
		forwarded := fmt.Sprintf("10.0.0.%d", n)
		a := s.send("POST", cardsRoot+"/balances", `{"code":"`+code+`"}`, "Authorization", "", "X-Forwarded-For", forwarded)
		text := a.text[:strings.Index(a.text, `"traceId"`)]
		q := s.send("POST", internal+"/quotes", `{"caller":"`+code+`","total":{"amount":"30.00","currency":"EUR"},"cards":["`+code+`"]}`, "Authorization", s.checkout)
		if first == "" {
			first, quoted = text, q.text
		}
		if a.status != 404 || text != first || q.status != 200 || q.text != quoted || q.Cards[0].Active {
			t.Errorf("%s is told apart: %d %s, %s", code, a.status, a.text, q.text)
		}
		h := s.hold(`"cards":[` + cardPart(code, "1.00") + `]`)
		if h.status != 409 || !strings.Contains(h.text, "Ask for a new quote") {
			t.Errorf("%s holds: %s", code, h.text)
		}
	}
	if a := s.send("POST", cardsRoot+"/balances", `{"code":"`+strings.ToLower(good.Code)+`"}`, "Authorization", ""); a.status != 200 || a.money(t, a.Balance) != "50.00" {
		t.Errorf("%s", a.text)
	}
}

// C42: the eleventh wrong code in a minute is refused over both replicas, and so is a right one then.
func TestC42TheEleventhWrongCodeInAMinute(t *testing.T) {
	one := serve(t)
	two := serve(t, "DATABASE_URL", one.database)
	card := one.issue("50.00")
	ask := func(s *shop, code, client string) answered {
		return s.send("POST", cardsRoot+"/balances", `{"code":"`+code+`"}`, "Authorization", "", "X-Forwarded-For", "1.1.1.1, "+client)
	}
	quote := func(s *shop, code, more string) answered {
		return s.send("POST", internal+"/quotes", `{"caller":"cart-1",`+more+`"total":{"amount":"30.00","currency":"EUR"},"cards":["`+code+`"]}`, "Authorization", s.checkout)
	}
	for n := range 10 {
		s := []*shop{one, two}[n%2]
		if a, q := ask(s, fmt.Sprint("GUESS", n), "10.0.0.1"), quote(s, fmt.Sprint("GUESS", n), ""); a.status != 404 || q.status != 200 {
			t.Fatalf("wrong code %d: %s, %s", n+1, a.text, q.text)
		}
	}
	for _, s := range []*shop{one, two} {
		for _, code := range []string{"GUESS-10", card.Code} {
			if a, q := ask(s, code, "10.0.0.1"), quote(s, code, ""); a.status != 429 || a.after == "" || q.status != 429 {
				t.Errorf("%s after ten wrong ones: %s, %s", code, a.text, q.text)
			}
		}
	}
	if a := ask(one, card.Code, "10.0.0.2"); a.status != 200 {
		t.Errorf("somebody else: %s", a.text)
	}
	if q := quote(one, card.Code, `"known":["`+card.Code+`"],`); q.status != 200 {
		t.Errorf("what is on the cart: %s", q.text)
	}
}

func TestPointsPayGoodsAndNoMore(t *testing.T) {
	s := serve(t)
	s.post(ofAnna+"/corrections", `{"points":700,"reason":"x"}`)
	for asked, want := range map[string]string{"500": "500", "2000": "700"} {
		q := s.send("POST", internal+"/quotes", `{"customer":"anna","points":`+asked+`,"goods":{"amount":"20.00","currency":"EUR"}}`, "Authorization", s.checkout)
		if q.status != 200 || !strings.Contains(string(q.Points), `"points":`+want+`,"available":700`) {
			t.Errorf("%s: %s", asked, q.text)
		}
	}
	if q := s.send("POST", internal+"/quotes", `{"customer":"anna","points":500,"goods":{"amount":"3.00","currency":"EUR"}}`, "Authorization", s.checkout); !strings.Contains(string(q.Points), `"points":300,`) {
		t.Errorf("more than the goods: %s", q.text)
	}
	h := s.hold(`"customer":"anna","points":500`)
	if a := s.send("GET", ofAnna, ""); h.status != 201 || string(a.Points) != "700" || a.Available != 200 {
		t.Errorf("%s, %s", h.text, a.text)
	}
	s.step(h.ID, "commit", `{"order":"`+uuid.NewString()+`"}`)
	if a := s.send("GET", ofAnna, ""); string(a.Points) != "200" || a.Available != 200 {
		t.Errorf("%s", a.text)
	}
}

func TestOneKeyHasItsEffectOnce(t *testing.T) {
	s := serve(t)
	key := []string{"Idempotency-Key", uuid.NewString()}
	first := s.send("POST", cardsRoot, `{"amount":{"amount":"50.00","currency":"EUR"}}`, key...)
	again := s.send("POST", cardsRoot, `{"amount":{"amount":"50.00","currency":"EUR"}}`, key...)
	if first.status != 201 || again.text != first.text {
		t.Errorf("%s, then %s", first.text, again.text)
	}
	saga, other := uuid.NewString(), uuid.NewString()
	body := `{"saga":"` + saga + `","cards":[` + cardPart(first.Code, "20.00") + `]}`
	for range 2 {
		if a := s.send("POST", holdsRoot, body, "Authorization", s.checkout, "Idempotency-Key", other); a.status != 201 || s.left(first) != "30.00" {
			t.Errorf("%s, %s left", a.text, s.left(first))
		}
	}
	if a := s.post(holdsRoot, body, "Authorization", s.checkout); a.status != 409 || s.left(first) != "30.00" {
		t.Errorf("the saga by another key: %s", a.text)
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	s := serve(t)
	key := []string{"Idempotency-Key", uuid.NewString()}
	anna := append([]string{"Authorization", accesstest.Customer(t, "anna")}, key...)
	reader := append([]string{"Authorization", accesstest.Staff(t, "loyalty:read")}, key...)
	checkout := append([]string{"Authorization", s.checkout}, key...)
	money := `{"amount":"50.00","currency":"EUR"}`
	for name, c := range map[string]struct {
		status             int
		kind               string
		method, path, body string
		header             []string
	}{
		"nobody's points":            {401, "unauthenticated", "GET", root + "/account", "", []string{"Authorization", ""}},
		"staff has no points":        {403, "forbidden", "GET", root + "/account", "", nil},
		"a customer issues a card":   {403, "forbidden", "POST", cardsRoot, `{"amount":` + money + `}`, anna},
		"a customer corrects":        {403, "forbidden", "POST", ofAnna + "/corrections", `{"points":1,"reason":"x"}`, anna},
		"who may read corrects":      {403, "forbidden", "POST", ofAnna + "/corrections", `{"points":1,"reason":"x"}`, reader},
		"a customer reads another":   {403, "forbidden", "GET", ofAnna, "", anna},
		"staff holds":                {403, "forbidden", "POST", holdsRoot, `{"saga":"` + uuid.NewString() + `"}`, key},
		"checkout refunds":           {403, "forbidden", "POST", holdsRoot + "/" + uuid.NewString() + "/refunds", `{"amount":` + money + `,"provider":` + money + `}`, checkout},
		"no key":                     {400, "malformed", "POST", ofAnna + "/corrections", `{"points":1,"reason":"x"}`, nil},
		"no reason":                  {422, "invalid", "POST", ofAnna + "/corrections", `{"points":1,"reason":" "}`, key},
		"no points":                  {422, "invalid", "POST", ofAnna + "/corrections", `{"points":0,"reason":"x"}`, key},
		"half a point":               {422, "invalid", "POST", ofAnna + "/corrections", `{"points":1.5,"reason":"x"}`, key},
		"more than there are":        {409, "conflict", "POST", ofAnna + "/corrections", `{"points":-1,"reason":"x"}`, key},
		"a card of nothing":          {422, "invalid", "POST", cardsRoot, `{"amount":{"amount":"0.00","currency":"EUR"}}`, key},
		"a third of a cent":          {422, "invalid", "POST", cardsRoot, `{"amount":{"amount":"1.003","currency":"EUR"}}`, key},
		"a hold of nothing":          {422, "invalid", "POST", holdsRoot, `{"saga":"` + uuid.NewString() + `"}`, checkout},
		"nobody's points are held":   {422, "invalid", "POST", holdsRoot, `{"points":1,"saga":"` + uuid.NewString() + `"}`, checkout},
		"points that nobody has":     {409, "conflict", "POST", holdsRoot, `{"points":1,"customer":"anna","saga":"` + uuid.NewString() + `"}`, checkout},
		"a hold that was never made": {404, "not-found", "GET", holdsRoot + "/" + uuid.NewString(), "", checkout},
		"points for kronor":          {422, "invalid", "POST", internal + "/quotes", `{"customer":"anna","points":1,"goods":{"amount":"1.00","currency":"SEK"}}`, checkout},
		"cards without a total":      {422, "invalid", "POST", internal + "/quotes", `{"cards":["X"]}`, checkout},
		"never issued":               {404, "not-found", "GET", cardsRoot + "/0198c9a5-0000-7000-8000-000000000000", "", nil},
	} {
		if a := s.send(c.method, c.path, c.body, c.header...); a.status != c.status || !strings.Contains(a.text, "urn:emporium:problem:"+c.kind+`"`) {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.text, c.status, c.kind)
		}
	}
	if a := s.send("GET", ofAnna+"/entries", ""); len(a.Items) != 0 {
		t.Errorf("a refusal changed something: %s", a.text)
	}
}
