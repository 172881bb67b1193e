package notifications

import (
	"encoding/json"
	"io"
	"net/mail"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/conform"
	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestMigrationsExpandOnly(t *testing.T) { pgtest.ExpandOnly(t, schema()) }

// serve starts the service with mails of one purchase.
func serve(t *testing.T, b bought) *servicetest.Service {
	t.Helper()
	url := pgtest.URL(t, schema())
	taken(t, open(t, url), b.placed(t), b.refunded(t, "5.00", true))
	for _, caller := range []string{"books", "cart"} { // their keys are among those that the service takes
		accesstest.Service(t, caller)
	}
	return servicetest.Start(t, Service(), "DATABASE_URL", url, "SHOP_JWKS", accesstest.JWKS())
}

type answered struct {
	status int
	text   string
	Next   string
	Items  []struct{ ID, Mail, Order, Kind, To, Subject, Text, Refund string }
}

func ask(t *testing.T, s *servicetest.Service, path, token string) (a answered) {
	t.Helper()
	res, text := s.Whole(t, "GET", path, "", "Authorization", token)
	_ = json.Unmarshal(text, &a) // a message is none
	a.status, a.text = res.StatusCode, string(text)
	return a
}

func TestStaffReadsMailsByRecipientAndByOrder(t *testing.T) {
	b := buy()
	s, token := serve(t, b), accesstest.Staff(t, "notifications:read")
	for filter, want := range map[string]int{"": 2, "?to=ann@example.org": 2, "?to=bob@example.org": 0, "?order=" + b.order.String(): 2, "?order=" + buy().order.String(): 0} {
		if a := ask(t, s, root+"/mails"+filter, token); a.status != 200 || len(a.Items) != want {
			t.Errorf("%q: %d mails, want %d: %s", filter, len(a.Items), want, a.text)
		}
	}
	first := ask(t, s, root+"/mails?limit=1", token)
	second := ask(t, s, root+"/mails?limit=1&cursor="+first.Next, token)
	if len(first.Items) != 1 || first.Items[0].Kind != "placed" || len(second.Items) != 1 || second.Items[0].Kind != "refunded" || second.Next != "" {
		t.Errorf("%s, then %s", first.text, second.text)
	}
	one := ask(t, s, root+"/mails/"+first.Items[0].ID, token)
	if one.status != 200 || !strings.Contains(one.text, `"subject":"Your order 10001"`) {
		t.Errorf("%d %s", one.status, one.text)
	}
	message := ask(t, s, root+"/mails/"+first.Items[0].ID+"/message", token)
	read, err := mail.ReadMessage(strings.NewReader(message.text))
	if err != nil || message.status != 200 || read.Header.Get("Message-Id") == "" {
		t.Fatalf("%d %s: %v", message.status, message.text, err)
	}
	if body, err := io.ReadAll(read.Body); err != nil || len(body) == 0 {
		t.Errorf("an empty mail (%v)", err)
	}
}

func TestMailsAreReadByStaffAloneAndBooksSeeNoAddress(t *testing.T) {
	s := serve(t, buy())
	for token, want := range map[string]int{"": 401, accesstest.Customer(t, "ann"): 403, accesstest.Staff(t, "orders:read"): 403, accesstest.Service(t, "books"): 403} {
		for _, path := range []string{"/mails", "/mails/0198c9a5-0000-7000-8000-000000000000", "/mails/0198c9a5-0000-7000-8000-000000000000/message"} {
			if a := ask(t, s, root+path, token); a.status != want {
				t.Errorf("%s: %d, want %d", path, a.status, want)
			}
		}
	}
	books := ask(t, s, "/internal/notifications/books", accesstest.Service(t, "books"))
	if books.status != 200 || len(books.Items) != 2 || books.Items[1].Refund == "" || strings.Contains(books.text, "@") {
		t.Errorf("%d %s", books.status, books.text)
	}
	if a := ask(t, s, "/internal/notifications/books", accesstest.Service(t, "cart")); a.status != 403 {
		t.Errorf("another service: %d", a.status)
	}
}

func TestWhatIsNotThereIsAProblem(t *testing.T) {
	s, token := serve(t, buy()), accesstest.Staff(t, "notifications:read")
	for path, want := range map[string]int{
		"/mails/0198c9a5-0000-7000-8000-000000000000": 404, "/mails/0198c9a5-0000-7000-8000-000000000000/message": 404,
		"/mails/7": 422, "/mails/7/message": 422, "/mails?order=7": 422, "/mails?cursor=x": 400,
	} {
		if a := ask(t, s, root+path, token); a.status != want || !strings.Contains(a.text, "urn:emporium:problem:") {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
}

// What anybody may look at keeps the contract; mails need a token, and are looked at by make conform.
func TestTheContractIsKept(t *testing.T) {
	settings, err := conform.Load("conform.json")
	if err != nil {
		t.Fatal(err)
	}
	settings.Read, settings.Missing, settings.List = "", "", nil
	s := servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS())
	s.AwaitReady(t)
	report := conform.Run(t.Context(), conform.Target{Mode: conform.Remote, Settings: settings, URL: s.URL, Metrics: s.SideURL(), Quick: true})
	if err := report.OK(true); err != nil {
		t.Errorf("%v: %+v", err, report.Failures(true))
	}
}

func TestSampleMailsAreWrittenOnceAndGoToNobody(t *testing.T) {
	db := pgtest.Open(t, schema())
	for range 2 {
		if err := seed(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := (&store{db}).unsent(t.Context(), 10)
	if all := mails(t, db); err != nil || len(all) != 3 || len(waiting) != 0 {
		t.Errorf("%d mails, %d wait (%v)", len(all), len(waiting), err)
	}
}
