// Package contracttest holds services to what the contract says of events, from both sides.
//
// Who sends an event is held to the type's schema and to the contract's example (Produced). Who takes it is given that same example, with
// members that a later release may add, twice, and must have its effect once (Takes, Follows). So producer and consumer are tried with one
// and the same event, and neither test has one of its own invention. hack/shopmap finds each pair of the contract that has no such call.
package contracttest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/contract"
	"github.com/emporium-shop/emporium/services/internal/events"
)

// The things that the examples tell of: they are one story, of an order that is paid in part by gift card, sent in one parcel and sent back.
const (
	Order    = "0199c9a5-0000-7000-8000-000000000001"
	Saga     = "0199c9a5-0000-7000-8000-000000000002"
	Hold     = "0199c9a5-0000-7000-8000-000000000003"
	Payment  = "0199c9a5-0000-7000-8000-000000000004"
	Customer = "0199c9a5-0000-7000-8000-000000000005"
	Cart     = "0199c9a5-0000-7000-8000-000000000006"
	// Spent is what loyalty holds for the order.
	Spent  = "0199c9a5-0000-7000-8000-000000000007"
	Parcel = "0199c9a5-0000-7000-8000-00000000000b"
	Mail   = "0199c9a5-0000-7000-8000-00000000000f"
)

// Example is the contract's example of a type. instead are pairs of a text in it and what stands there instead: the id of a thing that the
// test made, for example.
func Example(t testing.TB, of events.Type, instead ...string) (e events.Event) {
	t.Helper()
	text, err := example(of, instead)
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// example is the text of a type's example. What is to be replaced and is not there is a mistake of the test.
func example(of events.Type, instead []string) ([]byte, error) {
	raw, err := contract.V1.ReadFile("v1/examples/" + string(of) + ".json")
	if err != nil {
		return nil, fmt.Errorf("reading the contract's example: %w", err)
	}
	text := string(raw)
	for n := 0; n+1 < len(instead); n += 2 {
		if !strings.Contains(text, instead[n]) {
			return nil, fmt.Errorf("the example of %s has no %q to replace", of, instead[n])
		}
		text = strings.ReplaceAll(text, instead[n], instead[n+1])
	}
	return []byte(text), nil
}
