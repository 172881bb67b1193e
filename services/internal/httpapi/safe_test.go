package httpapi

import (
	"context"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access"
)

type question struct {
	Body struct {
		Name string `json:"name"`
	}
}

type answered struct {
	Body struct {
		Name string `json:"name"`
	}
}

func TestAPostThatOnlyAsksTakesNoKeyAndSaysSo(t *testing.T) {
	a := NewAPI("Things", "Things.")
	Post(a, "/api/questions", access.Public, func(_ context.Context, in *question) (*answered, error) {
		return &answered{in.Body}, nil
	}, Safe(), ID("ask"))
	text, err := a.Description()
	if err != nil || !strings.Contains(string(text), `"x-safe": true`) || strings.Contains(string(text), "Idempotency-Key") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestWhatTakesAKeyIsNotSafe(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a safe POST takes an Idempotency-Key")
		}
	}()
	Post(NewAPI("Things", "Things."), "/api/things", access.Public, func(context.Context, *struct{ Idempotent }) (*answered, error) {
		return &answered{}, nil
	}, Safe())
}
