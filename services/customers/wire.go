package customers

import (
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/etag"
)

// profileBody is a profile on the wire.
type profileBody struct {
	Customer string `json:"customer"`
	Email    string `json:"email,omitempty"`
	Name     string `json:"name,omitempty"`
	Phone    string `json:"phone,omitempty" doc:"E.164"`
	Locale   string `json:"locale,omitempty"`
}

// profileChange is what a customer may say. What is left out is empty afterwards.
type profileChange struct {
	Email   string `json:"email,omitempty" maxLength:"300" doc:"Where mail goes. To sign in with another one is auth's to change"`
	Name    string `json:"name,omitempty" maxLength:"400"`
	Phone   string `json:"phone,omitempty" maxLength:"40" doc:"As people write it in the country, or with + and the country's code"`
	Country string `json:"country,omitempty" pattern:"^[A-Z]{2}$" doc:"The phone's; it is not kept"`
	Locale  string `json:"locale,omitempty" maxLength:"35" example:"de-AT"`
}

// addressChange is what a customer may say of an address.
type addressChange struct {
	Name     string `json:"name" maxLength:"400"`
	Street   string `json:"street" maxLength:"400"`
	Postcode string `json:"postcode,omitempty" maxLength:"40" doc:"Left out where the country has none"`
	City     string `json:"city" maxLength:"400"`
	Country  string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1" example:"DE"`
	Phone    string `json:"phone,omitempty" maxLength:"40" doc:"As people write it in the country"`
}

func (c addressChange) address(id uuid.UUID, version int64) Address {
	return Address{id, c.Name, c.Street, c.Postcode, c.City, c.Country, c.Phone, version}
}

// addressBody is an address on the wire.
type addressBody struct {
	ID       uuid.UUID `json:"id" format:"uuid"`
	Name     string    `json:"name"`
	Street   string    `json:"street"`
	Postcode string    `json:"postcode,omitempty"`
	City     string    `json:"city"`
	Country  string    `json:"country"`
	Phone    string    `json:"phone,omitempty" doc:"E.164"`
}

func bodyOfAddress(a Address) addressBody {
	return addressBody{a.ID, a.Name, a.Street, a.Postcode, a.City, a.Country, a.Phone}
}

// consentGiven is what a customer agrees to, or takes back.
type consentGiven struct {
	Purpose     string `json:"purpose" pattern:"^[a-z][a-z0-9-]{0,39}$" example:"newsletter"`
	TextVersion string `json:"textVersion" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" doc:"Which text the customer saw" example:"2026-11"`
	Granted     bool   `json:"granted" doc:"false takes it back"`
}

// consentBody is a consent on the wire.
type consentBody struct {
	ID          uuid.UUID `json:"id" format:"uuid"`
	Purpose     string    `json:"purpose"`
	TextVersion string    `json:"textVersion"`
	Granted     bool      `json:"granted"`
	At          time.Time `json:"at"`
}

func bodyOfConsent(c Consent) consentBody { return consentBody(c) }

// erasureBody is the proof of an erasure.
type erasureBody struct {
	ID         uuid.UUID    `json:"id" format:"uuid" doc:"Keep it: who has it may read this, without an account"`
	State      string       `json:"state" enum:"underway,complete"`
	AskedAt    time.Time    `json:"askedAt"`
	CompleteAt time.Time    `json:"completeAt,omitzero"`
	Services   []answerBody `json:"services" nullable:"false" doc:"Who holds personal data, and what they answered"`
	Waiting    []string     `json:"waiting" nullable:"false" doc:"Who has not answered yet, and is asked until it does"`
}

type answerBody struct {
	Service string    `json:"service"`
	Count   *int64    `json:"count,omitempty" doc:"How many things it deleted or made anonymous; absent until it has answered"`
	At      time.Time `json:"at,omitzero"`
}

func bodyOfErasure(e Erasure) erasureBody {
	b := erasureBody{ID: e.ID, State: "underway", AskedAt: e.AskedAt, CompleteAt: e.CompleteAt, Services: []answerBody{}, Waiting: e.Waiting()}
	if !e.CompleteAt.IsZero() {
		b.State = "complete"
	}
	for _, a := range e.Answers {
		b.Services = append(b.Services, answerBody(a))
	}
	return b
}

// The shapes on the wire: a release that answers another one makes caches ask again.
var (
	profileShape = etag.ShapeOf[profileBody]()
	addressShape = etag.ShapeOf[addressBody]()
	consentShape = etag.ShapeOf[consentBody]()
	erasureShape = etag.ShapeOf[erasureBody]()
)

// tagOfErasure changes with each answer.
func tagOfErasure(e Erasure) string {
	return erasureShape.Tag(int64(len(e.Answers) - len(e.Waiting())))
}
