package httpapi

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/emporium-shop/emporium/services/internal/idempotency"
)

// Money is how an amount is described; money.Money is what code uses, and how it
// is encoded. Its two fields are all it will ever have.
type Money struct {
	_        struct{} `additionalProperties:"false"`
	Amount   string   `json:"amount" pattern:"^-?\\d{1,15}(\\.\\d{1,4})?$" doc:"Decimal, with the digits that the currency has; text, for numbers of JSON are floats" example:"12.90"`
	Currency string   `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217" example:"EUR"`
}

// Encoded is a T that is JSON already: an answer that was stored, or a product of
// a snapshot. It is described as T and written as it is.
type Encoded[T any] []byte

func (e Encoded[T]) encoded() []byte { return e }

// MarshalJSON serves an Encoded that is part of something else.
func (e Encoded[T]) MarshalJSON() ([]byte, error) {
	if e == nil {
		return []byte("null"), nil
	}
	return e, nil
}

// Schema describes it as T.
func (Encoded[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// Answer is the answer to a request with an Idempotency-Key: the first time and
// each time that it is repeated.
type Answer[T any] struct {
	Status   int
	ETag     string `header:"ETag" doc:"Version of the thing, for If-Match"`
	Location string `header:"Location" doc:"Path of the thing that was made"`
	Replayed string `header:"Idempotent-Replayed" doc:"true when the request was answered before"`
	Body     Encoded[T]
}

// Replay is a stored answer as it is sent.
func Replay[T any](s idempotency.Stored) *Answer[T] {
	a := &Answer[T]{Status: s.Status, ETag: s.Header["ETag"], Location: s.Header["Location"], Body: s.Body}
	if s.Replayed {
		a.Replayed = "true"
	}
	return a
}
