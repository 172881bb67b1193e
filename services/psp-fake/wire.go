package pspfake

import (
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/changes"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// What merchants send and are told.

// authorizationBody is an authorisation on the wire.
type authorizationBody struct {
	ID          uuid.UUID `json:"id" format:"uuid"`
	Reference   string    `json:"reference"`
	State       State     `json:"state" enum:"authorized,declined"`
	DeclineCode string    `json:"declineCode,omitempty" example:""`
	Minor       int64     `json:"minor" doc:"In the smallest unit of the currency" example:"1290"`
	Currency    string    `json:"currency" example:"EUR"`
	Captured    int64     `json:"captured" example:"0"`
	Refunded    int64     `json:"refunded" example:"0"`
	Released    int64     `json:"released" example:"0"`
}

type authorizeBody struct {
	Reference string `json:"reference" minLength:"1" maxLength:"200" doc:"The merchant's own; asked by and told in webhooks"`
	Minor     int64  `json:"minor" minimum:"1" maximum:"999999999999999" doc:"In the smallest unit of the currency" example:"1290"`
	Currency  string `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR"`
	Card      string `json:"card" minLength:"1" maxLength:"200" doc:"What the card's number was exchanged for" example:"tok_visa"`
}

// operationBody is a capture, a void or a refund on the wire.
type operationBody struct {
	ID            uuid.UUID `json:"id" format:"uuid"`
	Authorization uuid.UUID `json:"authorization" format:"uuid"`
	Reference     string    `json:"reference"`
	Kind          Kind      `json:"kind" enum:"capture,void,refund"`
	State         string    `json:"state" enum:"succeeded,failed"`
	Minor         int64     `json:"minor" example:"1290"`
	Released      int64     `json:"released" doc:"What it set free of the authorisation" example:"0"`
	Currency      string    `json:"currency" example:"EUR"`
}

type captureBody struct {
	Reference string `json:"reference" minLength:"1" maxLength:"200"`
	Minor     int64  `json:"minor" minimum:"1" maximum:"999999999999999" example:"1290"`
	Final     bool   `json:"final" doc:"What is left is released"`
}

type voidBody struct {
	Reference string `json:"reference" minLength:"1" maxLength:"200"`
}

type refundBody struct {
	Reference string `json:"reference" minLength:"1" maxLength:"200"`
	Minor     int64  `json:"minor" minimum:"1" maximum:"999999999999999" example:"1290"`
}

// balanceBody is what the ledger says of an authorisation.
type balanceBody struct {
	Authorization uuid.UUID `json:"authorization" format:"uuid"`
	Reference     string    `json:"reference"`
	Currency      string    `json:"currency"`
	Authorized    int64     `json:"authorized" doc:"What the issuer promised"`
	Held          int64     `json:"held" doc:"What of it is still reserved on the card"`
	Captured      int64     `json:"captured"`
	Refunded      int64     `json:"refunded"`
	Merchant      int64     `json:"merchant" doc:"What the merchant has of it"`
	Balanced      bool      `json:"balanced" doc:"The entries of the ledger make zero, and say what the authorisation says"`
	ChangedAt     time.Time `json:"changedAt"`
}

type authorizeInput struct {
	httpapi.Idempotent
	Body authorizeBody
}

type captureInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body captureBody
}

type voidInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body voidBody
}

type refundInput struct {
	httpapi.Idempotent
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body refundBody
}

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type listInput struct {
	page.Query
	Reference string `query:"reference" maxLength:"200"`
}

type ledgerInput struct{ page.Query }

type moodInput struct {
	httpapi.IfMatch
	Body Mood
}

type authorizationOutput struct {
	ETag string `header:"ETag"`
	Body authorizationBody
}

type operationOutput struct {
	ETag string `header:"ETag"`
	Body operationBody
}

type moodOutput struct {
	ETag string `header:"ETag"`
	Body Mood
}

type authorizationsOutput struct{ Body page.Of[authorizationBody] }

type operationsOutput struct{ Body page.Of[operationBody] }

type ledgerOutput struct{ Body changes.Page[balanceBody] }

func (b balance) body() balanceBody {
	return balanceBody{b.ID, b.Reference, b.Currency, b.authorized, b.held, b.captured, b.refunded, b.captured - b.refunded, b.balanced(), b.mark.At.UTC()}
}

func bodyOf(a Authorization) authorizationBody {
	return authorizationBody{a.ID, a.Reference, a.State, a.DeclineCode, a.Minor, a.Currency, a.Captured, a.Refunded, a.Released}
}

func operationOf(o Operation) operationBody {
	return operationBody{o.ID, o.Authorization, o.Reference, o.Kind, o.State, o.Minor, o.Released, o.Currency}
}
