package payments

import (
	"errors"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// What is taken for a refusal frees its amount, so it must be one: a request that is
// still under way elsewhere may succeed a moment later.
func TestOnlyARefusalForGoodIsAnOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		good bool
	}{
		"the state forbids it": {&client.Error{Status: 409, Problem: problem.Problem{Type: "urn:emporium:problem:conflict"}}, true},
		"it is not there":      {&client.Error{Status: 404}, true},
		"it makes no sense":    {&client.Error{Status: 422}, true},
		"it is under way":      {&client.Error{Status: 409, Problem: problem.Problem{Type: inFlight}}, false},
		"we may not ask":       {&client.Error{Status: 403}, false},
		"the provider failed":  {&client.Error{Status: 500}, false},
		"it is away":           {&client.Error{Status: 503}, false},
		"too often":            {&client.Error{Status: 429}, false},
		"nothing came":         {fault.Unavailable("", errors.New("EOF")), false},
	} {
		said, err := told(Answer{}, c.err)
		if (err == nil) != c.good || c.good && said.Outcome != NotDone {
			t.Errorf("%s: %+v, %v", name, said, err)
		}
	}
}
