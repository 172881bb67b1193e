package customers

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

func TestTheEventsPromiseWhatIsRead(t *testing.T) {
	eventstest.Reads[told](t, events.CustomerRegistered)
	eventstest.Reads[told](t, events.CustomerErased)
	eventstest.Reads[erasure.Erased](t, events.CustomerErased)
	eventstest.Reads[erasure.Done](t, events.ErasureDone)
}

func TestACustomerSaysWhoHeIsAndIsToldOnceWithoutPersonalData(t *testing.T) {
	s := serve(t)
	has(t, s.as("c1", "GET", me, ""), 200, `"customer":"c1"`)
	has(t, s.says("c1", `{"email":"Ann@Example.com","name":"Zoë","phone":"030 901820","country":"DE"}`), 200, `"phone":"+4930901820"`)
	has(t, s.says("c1", `{"email":"Ann@Example.com","name":"Zoë"}`), 200, `"name":"Zoë"`)
	has(t, s.as("c1", "PUT", me, `{}`, "If-Match", `"0-x"`), 412, "stale")
	if n := s.told("customers.customer.registered.v1"); n != 1 {
		t.Errorf("told %d times", n)
	}
	var leaks bool
	if err := s.db.QueryRow(t.Context(), `SELECT bool_or(event::text ~* 'ann@|Zo') FROM customers.outbox`).Scan(&leaks); err != nil || leaks {
		t.Errorf("an event holds personal data: %t (%v)", leaks, err)
	}
}

// C38, C24: what is wrong is told by its place; what is somebody else's is not there.
func TestC24ACustomerSeesHimselfAlone(t *testing.T) {
	s := serve(t)
	made := s.as("c1", "POST", addresses, berlin)
	has(t, made, 201, `"phone":"+4930901820"`)
	has(t, s.as("c1", "GET", made.at, ""), 200, "Berlin")
	missing := s.as("c2", "GET", addresses+"/"+uuid.NewString(), "")
	for _, a := range []answer{
		s.as("c2", "GET", made.at, ""), s.as("c2", "PUT", made.at, berlin, "If-Match", made.tag), s.as("c2", "DELETE", made.at, "", "If-Match", made.tag),
	} {
		if a.status != 404 || len(a.text) < len(missing.text)-40 {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
	if l := s.as("c2", "GET", addresses, ""); l.status != 200 || len(l.Items) != 0 {
		t.Errorf("%d %s", l.status, l.text)
	}
	for _, who := range []string{"", accesstest.Staff(t, "catalog:write")} {
		if w := s.Ask("GET", root+"/staff?email=ann@example.com", "", "Authorization", who); w.Code != 401 && w.Code != 403 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	s.says("c1", `{"email":"Ann@Example.com"}`)
	if w := s.Ask("GET", root+"/staff?email=ann@example.COM", "", "Authorization", accesstest.Staff(t, "customers:read")); w.Code != 200 || !strings.Contains(w.Body.String(), `"customer":"c1"`) {
		t.Errorf("staff: %d %s", w.Code, w.Body)
	}
}

func TestAnAddressThatIsWrongIsToldByItsPlace(t *testing.T) {
	s := serve(t)
	for old, place := range map[string]string{
		`"10115"|"1011"`: "#/postcode", `"DE"|"XX"`: "#/country", `"Zoë"|""`: "#/name", `"Weg 1"|"Weg\u202e1"`: "#/street", `030 901820|12345678901234567`: "#/phone",
	} {
		was, is, _ := strings.Cut(old, "|")
		has(t, s.as("c1", "POST", addresses, strings.Replace(berlin, was, is, 1)), 422, place)
	}
}

func TestConsentsAreKeptWithTimeAndText(t *testing.T) {
	s := serve(t)
	for _, granted := range []string{"true", "false"} {
		a := s.as("c1", "POST", consents, `{"purpose":"newsletter","textVersion":"2026-11","granted":`+granted+`}`)
		has(t, a, 201, `"textVersion":"2026-11","granted":`+granted+`,"at":"2`)
		has(t, s.as("c1", "GET", a.at, ""), 200, `"granted":`+granted)
		has(t, s.as("c2", "GET", a.at, ""), 404, "not-found")
	}
	if l := s.as("c1", "GET", consents, ""); len(l.Items) != 2 {
		t.Errorf("%s", l.text)
	}
}

// answers is what a service says of an erasure.
func (s *shop) answers(service string, count int64) {
	s.t.Helper()
	e, err := events.New(s.t.Context(), service, events.ErasureDone, "c1", erasure.Done{Customer: "c1", Service: service, Count: count})
	if err == nil {
		err = postgres.InTx(s.t.Context(), s.db, func(tx pgx.Tx) error { return answered(s.t.Context(), tx, e) })
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// C39, the part of customers: all is gone at once, the proof says who has answered, and erasing again answers the same.
func TestC39AnErasureIsCompleteWhenEveryServiceHasAnswered(t *testing.T) {
	s := serve(t)
	s.says("c1", `{"email":"Ann@Example.com","name":"Zoë"}`)
	s.as("c1", "POST", addresses, berlin)
	s.as("c1", "POST", consents, `{"purpose":"newsletter","textVersion":"1","granted":true}`)
	s.as("c2", "POST", addresses, berlin)
	has(t, s.as("c1", "POST", me+"/erasures", `{"customer":"c2"}`), 422, "#/customer")
	first := s.as("c1", "POST", me+"/erasures", `{"customer":"c1"}`)
	again := s.as("c1", "POST", me+"/erasures", `{"customer":"c1"}`)
	if first.status != 201 || again.status != 201 || first.text != again.text || first.at != again.at || len(first.Waiting) != len(Holders) {
		t.Fatalf("%d %s, then %d %s", first.status, first.text, again.status, again.text)
	}
	var left int
	err := s.db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM customers.customers) + (SELECT count(*) FROM customers.addresses WHERE customer = 'c1') + (SELECT count(*) FROM customers.consents)
		+ (SELECT count(*) FROM customers.idempotency_keys WHERE convert_from(body, 'UTF8') ~ 'Zoë' AND caller = 'customer:c1')`).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d rows are left (%v)", left, err)
	}
	for _, a := range []answer{s.as("c1", "GET", me, ""), s.as("c1", "POST", addresses, berlin), s.as("c1", "POST", consents, `{"purpose":"a","textVersion":"1","granted":true}`)} {
		has(t, a, 404, "not-found") // the token is good for minutes, and nothing comes about by it
	}
	for n, service := range Holders {
		has(t, s.as("c2", "GET", first.at, ""), 200, `"state":"underway"`)
		s.answers(service, int64(n))
		s.answers(service, 99) // told again: the first answer counts
	}
	last := s.as("c2", "GET", first.at, "") // the id is all that is needed
	has(t, last, 200, `"state":"complete"`)
	if len(last.Waiting) != 0 || strings.Contains(last.text, `"count":99`) || last.tag == first.tag {
		t.Errorf("%s", last.text)
	}
	if l := s.as("c2", "GET", addresses, ""); len(l.Items) != 1 {
		t.Errorf("somebody else's: %s", l.text)
	}
}

// C39: one that is down is asked until it answers.
func TestC39WhoDoesNotAnswerIsToldAgain(t *testing.T) {
	s := serve(t)
	s.as("c1", "POST", me+"/erasures", `{"customer":"c1"}`)
	st := &store{db: s.db, holders: Holders}
	for n, after := range []time.Duration{again - time.Minute, again + time.Minute, again + 2*time.Minute, 3 * again} {
		if _, err := st.askOnce(t.Context(), time.Now().Add(after)); err != nil {
			t.Fatal(err)
		}
		if got, want := s.told("customers.customer.erased.v1"), []int{1, 2, 2, 3}[n]; got != want {
			t.Errorf("after %s told %d times, want %d", after, got, want)
		}
	}
	for _, service := range Holders {
		s.answers(service, 0)
	}
	if n, err := st.askOnce(t.Context(), time.Now().Add(9*again)); err != nil || n != 0 {
		t.Errorf("told of %d that are complete (%v)", n, err)
	}
}
