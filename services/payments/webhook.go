package payments

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// signature is the header that a webhook is signed in.
const signature = "Psp-Signature"

// webhookLimit bounds a webhook, in bytes.
const webhookLimit = 64 << 10

// notice is what is read of a webhook; the provider may tell more.
type notice struct {
	ID                 string `json:"id"`
	Type               string `json:"type"`
	Payment            string `json:"payment"`
	Reference          string `json:"reference"`
	Operation          string `json:"operation"`
	OperationReference string `json:"operationReference"`
	DeclineCode        string `json:"declineCode"`
	Minor              int64  `json:"minor"`
	Currency           string `json:"currency"`
}

// outcomes are the types of webhooks that tell what became of an attempt.
var outcomes = map[string]Outcome{
	"payment.authorized": Done, "payment.captured": Done, "payment.voided": Done, "payment.refunded": Done,
	"payment.failed": NotDone, "payment.capture_failed": NotDone, "payment.void_failed": NotDone, "payment.refund_failed": NotDone,
}

// about is our reference of what a notice tells, and what it says of it.
func (n notice) about() (reference string, said Answer) {
	said = Answer{Outcome: outcomes[n.Type], ID: n.Operation, Reason: "provider-failed", Amount: money.New(n.Minor, n.Currency)}
	reference = n.OperationReference
	if n.Type == "payment.authorized" || n.Type == "payment.failed" {
		reference, said.ID, said.Reason = n.Reference, n.Payment, n.DeclineCode
	}
	if said.Outcome == Done {
		said.Reason = ""
	}
	return reference, said
}

// webhook takes what the provider tells: only with his signature, and only what is
// about something of ours. All else is refused, so that he tells it again: the row
// of an attempt is there before he is asked, so early is never too early.
func (a *api) webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		httpapi.Refuse(w, r, fault.BadRequest("body", "It could not be read."))
		return
	}
	if !Signed(r.Header.Get(signature), body, a.now(), a.secrets...) {
		httpapi.Refuse(w, r, fault.BadRequest("header."+signature, "It does not sign this body, or not now."))
		return
	}
	var n notice
	if json.Unmarshal(body, &n) != nil || n.ID == "" {
		httpapi.Refuse(w, r, fault.Invalid("#/id", "An event has an id."))
		return
	}
	if err := a.till.hear(r.Context(), n); err != nil {
		httpapi.Refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n") // the provider is gone: he tells it again
}

// hear writes what a notice tells, in one commit with its id.
func (t *till) hear(ctx context.Context, n notice) error {
	return postgres.InTx(ctx, t.store.db, func(tx pgx.Tx) error {
		first, err := heard(ctx, tx, n.ID, n.Type)
		if err != nil || !first {
			return err
		}
		if outcomes[n.Type] == "" {
			slog.WarnContext(ctx, "keeping a webhook of a type that is not known", "webhook", n.ID)
			return nil
		}
		reference, said := n.about()
		a, err := attempt(ctx, tx, "reference", reference)
		if err != nil {
			return err
		}
		if a == nil {
			return fault.NotFound("attempt", reference)
		}
		_, _, err = t.settle(ctx, tx, *a, said)
		return err
	})
}
