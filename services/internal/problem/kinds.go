package problem

import (
	"net/http"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// Kind is a kind of problem: what a program branches on.
type Kind struct {
	// Slug is the end of the type: urn:emporium:problem:<slug>. Empty where the
	// status says all there is to say; the type is then about:blank.
	Slug   string
	Status int
	// Title is the same for all problems of the kind.
	Title string
}

// prefix of the types of all kinds. A URN: it names, and nobody can be asked for it.
const prefix = "urn:emporium:problem:"

// GoneStatus stands in logs and metrics where the client left before it was
// answered. It is nginx's number; nobody ever receives it.
const GoneStatus = 499

// The kinds of the contract (services/contract/v1/problems.md). A service that
// needs one of its own adds it here and there: a type means one thing in the shop.
var (
	Malformed            = Kind{string(fault.BadRequestKind), http.StatusBadRequest, "The request cannot be read"}
	Unauthenticated      = Kind{"unauthenticated", http.StatusUnauthorized, "Who are you?"}
	Forbidden            = Kind{string(fault.ForbiddenKind), http.StatusForbidden, "Not allowed"}
	NotFound             = Kind{string(fault.NotFoundKind), http.StatusNotFound, "There is no such thing"}
	Conflict             = Kind{string(fault.ConflictKind), http.StatusConflict, "The state of things does not allow it"}
	InFlight             = Kind{string(fault.InFlightKind), http.StatusConflict, "The same request is in flight"}
	Stale                = Kind{string(fault.StaleKind), http.StatusPreconditionFailed, "Changed since you read it"}
	Invalid              = Kind{string(fault.InvalidKind), http.StatusUnprocessableEntity, "The request is not valid"}
	Mismatch             = Kind{string(fault.MismatchKind), http.StatusUnprocessableEntity, "The key came with another body"}
	PreconditionRequired = Kind{"precondition-required", http.StatusPreconditionRequired, "If-Match is missing"}
	TooManyRequests      = Kind{string(fault.TooManyKind), http.StatusTooManyRequests, "Too many requests"}
	Unavailable          = Kind{string(fault.UnavailableKind), http.StatusServiceUnavailable, "Not available right now"}
	SoldOut              = Kind{"sold-out", http.StatusConflict, "Sold out"}
	QuoteChanged         = Kind{"quote-changed", http.StatusConflict, "The quote changed"}
	PaymentDeclined      = Kind{"payment-declined", http.StatusConflict, "The payment was declined"}
	CartFull             = Kind{"cart-full", http.StatusUnprocessableEntity, "The cart is full"}
	clientGone           = Kind{"", GoneStatus, "Client Closed Request"}
	registered           = bySlug(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, InFlight, Stale, Invalid, Mismatch, PreconditionRequired, TooManyRequests, Unavailable, SoldOut, QuoteChanged, PaymentDeclined, CartFull)
)

// Plain is the kind of a status that says all there is to say, such as 405.
func Plain(status int) Kind { return Kind{Status: status, Title: http.StatusText(status)} }

// Of returns the kind of a slug. One that is not registered is a conflict under
// that name: a service that forgot to register it still tells the truth.
func Of(slug string) Kind {
	if k, known := registered[slug]; known {
		return k
	}
	words := strings.ReplaceAll(slug, "-", " ")
	if words == "" {
		return Plain(http.StatusInternalServerError)
	}
	return Kind{slug, http.StatusConflict, strings.ToUpper(words[:1]) + words[1:]}
}

// Type is the URI of the kind.
func (k Kind) Type() string {
	if k.Slug == "" {
		return "about:blank"
	}
	return prefix + k.Slug
}

func bySlug(kinds ...Kind) map[string]Kind {
	m := map[string]Kind{}
	for _, k := range kinds {
		m[k.Slug] = k
	}
	return m
}
