package payments

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// provider is the port to whoever moves the money.
type provider interface {
	// Ask asks for an attempt under its reference, which is also its key: to ask
	// again is to ask what became of it. An error says that nobody knows.
	Ask(ctx context.Context, a Attempt) (Answer, error)
	// Find tells what became of an attempt that may have been asked for before.
	Find(ctx context.Context, a Attempt) (answer Answer, found bool, err error)
}

// pspTime is how long the provider may take. It leaves the caller, who waits for
// 5 s where it says nothing else, time to hear that the outcome is not known yet.
const pspTime = 4 * time.Second

// psp is the provider behind services/psp-fake/openapi.json. Amounts are sent in
// the smallest unit of their currency, of which ISO 4217 knows the digits.
type psp struct{ client *client.Client }

const (
	pspRoot  = "/internal/psp"
	inFlight = "urn:emporium:problem:idempotency-in-flight"
)

type pspAuthorize struct {
	Reference string `json:"reference"`
	Minor     int64  `json:"minor"`
	Currency  string `json:"currency"`
	Card      string `json:"card"`
}

type pspOperate struct {
	Reference string `json:"reference"`
	Minor     int64  `json:"minor,omitempty"`
}

type pspCapture struct {
	Reference string `json:"reference"`
	Minor     int64  `json:"minor"`
	Final     bool   `json:"final"`
}

// pspAuthorization and pspOperation are what is read of an answer.
type pspAuthorization struct {
	ID          string `json:"id"`
	State       string `json:"state"`
	DeclineCode string `json:"declineCode"`
	Minor       int64  `json:"minor"`
	Currency    string `json:"currency"`
}

type pspOperation struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

type pspPage[T any] struct {
	Items []T `json:"items"`
}

func (a pspAuthorization) answer() Answer {
	outcome := Done
	if a.State == "declined" {
		outcome = NotDone
	}
	return Answer{outcome, a.ID, a.DeclineCode, money.New(a.Minor, a.Currency)}
}

func (o pspOperation) answer() Answer {
	out := Answer{Done, o.ID, "", money.New(o.Minor, o.Currency)}
	if o.State == "failed" {
		out.Outcome, out.Reason = NotDone, "provider-failed"
	}
	return out
}

// Ask implements provider.
func (p *psp) Ask(ctx context.Context, a Attempt) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, pspTime)
	defer cancel()
	r := client.Request{Method: http.MethodPost, Key: a.Reference, Path: pspRoot + "/authorizations/" + url.PathEscape(a.Target)}
	switch a.Kind {
	case Authorize:
		r.Path = pspRoot + "/authorizations"
		r.Body = pspAuthorize{a.Reference, a.Amount.Minor(), a.Amount.Currency(), a.Card}
		out, _, err := client.Call[pspAuthorization](ctx, p.client, r)
		return told(out.answer(), err)
	case Capture:
		r.Path, r.Body = r.Path+"/captures", pspCapture{a.Reference, a.Amount.Minor(), a.Final}
	case Void:
		r.Path, r.Body = r.Path+"/voids", pspOperate{Reference: a.Reference}
	case Refund:
		r.Path, r.Body = r.Path+"/refunds", pspOperate{a.Reference, a.Amount.Minor()}
	}
	out, _, err := client.Call[pspOperation](ctx, p.client, r)
	return told(out.answer(), err)
}

// told is an answer, or what a refusal means. One that says that it cannot be done
// is an answer; all else leaves open what happened.
func told(said Answer, err error) (Answer, error) {
	var refused *client.Error
	if errors.As(err, &refused) && refused.Problem.Type == inFlight {
		return said, err // another process asks for the same right now, and may succeed
	}
	switch client.Status(err) {
	case http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
		return Answer{Outcome: NotDone, Reason: "provider-refused"}, nil
	}
	return said, err
}

// Find implements provider. A read changes nothing, so it comes before an attempt
// is asked for again: the provider forgets keys after a day, references never.
func (p *psp) Find(ctx context.Context, a Attempt) (Answer, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, pspTime/2)
	defer cancel()
	r := client.Request{Path: pspRoot + "/operations", Query: url.Values{"reference": {a.Reference}}}
	if a.Kind == Authorize {
		r.Path = pspRoot + "/authorizations"
		return first[pspAuthorization](ctx, p.client, r)
	}
	return first[pspOperation](ctx, p.client, r)
}

func first[T interface{ answer() Answer }](ctx context.Context, c *client.Client, r client.Request) (Answer, bool, error) {
	list, _, err := client.Call[pspPage[T]](ctx, c, r)
	if err != nil || len(list.Items) == 0 {
		return Answer{}, false, err
	}
	return list.Items[0].answer(), true, nil
}

// unknown is what a caller hears whose payment has no outcome yet.
func unknown(err error) error {
	return fault.Unavailable("The provider has not said yet what became of it. Repeat the request with the same key.", err)
}
