package rounds

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// Verdict is what became of a saga.
type Verdict struct {
	State Outcome `json:"state"`
	// Order is what came of one that was placed.
	Order uuid.UUID `json:"order"`
}

// Outcome is how a saga ended. Whatever else is said of one, it may still end in
// either way: what was given away by then could not be had back.
type Outcome string

// The outcomes. Both are for ever.
const (
	Undone Outcome = "undone"
	Placed Outcome = "placed"
)

// Undone tells whether there will never be an order.
func (v Verdict) Undone() bool { return v.State == Undone }

// Placed tells whether there is an order, and which.
func (v Verdict) Placed() bool { return v.State == Placed && v.Order != uuid.Nil }

// Decided tells whether it is known how the saga ended.
func (v Verdict) Decided() bool { return v.Undone() || v.Placed() }

// askWithin is how long a verdict may take.
const askWithin = time.Second

// Ask returns what asks a service below a path for verdicts. None is where nobody is
// there (c is nil), does not answer, or knows of no such saga.
func Ask(c *client.Client, path string) func(ctx context.Context, saga string) Verdict {
	if c == nil {
		return func(context.Context, string) Verdict { return Verdict{} }
	}
	return func(ctx context.Context, saga string) Verdict {
		ctx, cancel := context.WithTimeout(ctx, askWithin)
		defer cancel()
		v, _, err := client.Call[Verdict](ctx, c, client.Request{Path: path + url.PathEscape(saga)})
		if err != nil && client.Status(err) != http.StatusNotFound {
			slog.WarnContext(ctx, "asking what became of a saga", "saga", saga, "error", err)
		}
		if err != nil {
			return Verdict{}
		}
		return v
	}
}
