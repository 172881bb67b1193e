package pspfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// header is where a webhook's signature stands.
const header = "Psp-Signature"

// event is what a webhook tells. Merchants find their own things by Reference,
// and by Operation what was told before under another id.
type event struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	Payment   string `json:"payment"`
	Reference string `json:"reference"`
	// Operation is the capture, void or refund, with the reference that the merchant
	// gave to it.
	Operation          string `json:"operation,omitempty"`
	OperationReference string `json:"operationReference,omitempty"`
	DeclineCode        string `json:"declineCode,omitempty"`
	Minor              int64  `json:"minor"`
	Released           int64  `json:"released,omitempty"`
	Currency           string `json:"currency"`
}

func ofAuthorization(a Authorization) event {
	kind := "payment.authorized"
	if a.State == Declined {
		kind = "payment.failed"
	}
	return event{Type: kind, Payment: a.ID.String(), Reference: a.Reference, DeclineCode: a.DeclineCode, Minor: a.Minor, Currency: a.Currency}
}

// told are the types of an operation's event.
var told = map[Kind]map[string]string{
	Capture: {Succeeded: "payment.captured", Failed: "payment.capture_failed"},
	Void:    {Succeeded: "payment.voided", Failed: "payment.void_failed"},
	Refund:  {Succeeded: "payment.refunded", Failed: "payment.refund_failed"},
}

func ofOperation(a Authorization, o Operation) event {
	return event{
		Type: told[o.Kind][o.State], Payment: a.ID.String(), Reference: a.Reference,
		Operation: o.ID.String(), OperationReference: o.Reference, Minor: o.Minor, Released: o.Released, Currency: o.Currency,
	}
}

// encode writes an event under an id of its own.
func (e event) encode() ([]byte, error) {
	e.ID = "evt_" + uuid.NewString()
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("writing a webhook: %w", err)
	}
	return body, nil
}

// Sign is the signature of a body that is sent at a moment.
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
