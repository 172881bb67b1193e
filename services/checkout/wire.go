package checkout

import (
	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/etag"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// What callers send and are told.

type termsBody struct {
	Cart      uuid.UUID `json:"cart" format:"uuid"`
	Country   string    `json:"country" pattern:"^[A-Z]{2}$" doc:"Where the goods go, ISO 3166-1" example:"DE"`
	Postcode  string    `json:"postcode,omitempty" maxLength:"20"`
	VATNumber string    `json:"vatNumber,omitempty" maxLength:"32" doc:"Of a business"`
	Coupons   []string  `json:"coupons,omitempty" maxItems:"10" nullable:"false" doc:"Codes, as they were typed"`
	Email     string    `json:"email,omitempty" format:"email" maxLength:"254" doc:"For coupons that each customer may use once"`
	Currency  string    `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"The cart's where it is not said" example:"EUR"`
	Points    int64     `json:"points,omitempty" minimum:"0" maximum:"10000000" doc:"How many of his points the customer, who is signed in, wants to spend: as many of them as he has and the goods cost are"`
	Cards     []string  `json:"cards,omitempty" maxItems:"10" nullable:"false" doc:"Codes of gift cards, in the order in which they pay; of who is signed in"`
	Delivery  string    `json:"delivery,omitempty" pattern:"^[a-z0-9-]{1,64}$" doc:"Which of the quote's deliveries; the cheapest where it is not said" example:"express"`
}

type quoteInput struct {
	httpapi.Idempotent
	Body termsBody
}

type readInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type placeBody struct {
	Quote   uuid.UUID `json:"quote" format:"uuid"`
	Hash    string    `json:"hash" minLength:"1" maxLength:"64" doc:"The quote's, as it was shown"`
	Card    string    `json:"card,omitempty" maxLength:"200" doc:"The provider's token for the means of payment; never a number" example:"tok_visa"`
	Email   string    `json:"email" format:"email" maxLength:"254"`
	Locale  string    `json:"locale,omitempty" pattern:"^[a-z]{2}(-[A-Z]{2})?$" example:"de"`
	Address Address   `json:"address"`
}

type placeInput struct {
	httpapi.Idempotent
	Body placeBody
}

type orderBody struct {
	Order  uuid.UUID   `json:"order" format:"uuid"`
	Number string      `json:"number" example:"ACME-100001"`
	Token  string      `json:"token" doc:"Whoever has it may see and cancel the order"`
	Total  money.Money `json:"total"`
}

type attemptBody struct {
	State   string           `json:"state" doc:"running, placed or undone"`
	Order   *orderBody       `json:"order,omitempty"`
	Problem *problem.Problem `json:"problem,omitempty"`
}

type sagaBody struct {
	ID    uuid.UUID  `json:"id" format:"uuid"`
	State string     `json:"state" doc:"running, placed or undone"`
	Order *uuid.UUID `json:"order,omitempty" format:"uuid"`
}

type quoteOutput struct {
	ETag string `header:"ETag"`
	Body Quote
}

type attemptOutput struct{ Body attemptBody }

type sagaOutput struct{ Body sagaBody }

var shape = etag.ShapeOf[Quote]()
