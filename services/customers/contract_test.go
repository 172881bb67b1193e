package customers

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
)

// What holders of personal data answer, by the contract's own example, and what is told of a customer.
func TestCustomersAreToldAndAnsweredAsTheContractShows(t *testing.T) {
	s := serve(t)
	s.says(contracttest.Customer, `{"email":"jane@example.org"}`)
	contracttest.Produced(t, s.db, events.CustomerRegistered, contracttest.Customer)
	if a := s.as(contracttest.Customer, "POST", me+"/erasures", `{"customer":"`+contracttest.Customer+`"}`); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.text)
	}
	contracttest.Produced(t, s.db, events.CustomerErased, contracttest.Customer)
	contracttest.Takes(t, s.db, inbox.Handlers{events.ErasureDone: answered}, events.ErasureDone, `SELECT count FROM customers.erasure_answers WHERE service = 'orders'`, "1")
}
