package rounds_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/rounds"
)

// Only who says that a saga ended decides: whoever fails, is away, or knows nothing decides nothing.
func TestWhoDoesNotSayDecidesNothing(t *testing.T) {
	order := uuid.New()
	for name, c := range map[string]struct {
		status int
		body   string
		want   rounds.Verdict
	}{
		"undone":             {200, `{"state":"undone"}`, rounds.Verdict{State: rounds.Undone}},
		"placed":             {200, `{"state":"placed","order":"` + order.String() + `"}`, rounds.Verdict{State: rounds.Placed, Order: order}},
		"running":            {200, `{"state":"running"}`, rounds.Verdict{State: "running"}},
		"nobody knows of it": {404, `{"state":"undone"}`, rounds.Verdict{}},
		"it failed":          {500, `{"state":"undone"}`, rounds.Verdict{}},
		"it is no answer":    {200, `undone`, rounds.Verdict{}},
	} {
		asked := ""
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL.Path
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		ask := rounds.Ask(client.New(client.Options{Service: "decider", URL: server.URL}), "/sagas/")
		if got := ask(t.Context(), "one"); got != c.want || asked != "/sagas/one" {
			t.Errorf("%s: %+v by %s", name, got, asked)
		}
		server.Close()
		if got := ask(t.Context(), "one"); got != (rounds.Verdict{}) {
			t.Errorf("%s, and away: %+v", name, got)
		}
	}
	if got := rounds.Ask(nil, "/sagas/")(t.Context(), "one"); got != (rounds.Verdict{}) {
		t.Errorf("nobody is there: %+v", got)
	}
}
