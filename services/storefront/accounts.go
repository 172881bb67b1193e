// What the storefront asks auth, customers, invoicing and loyalty for in the name of a customer who is signed in, and orders for his orders.
package storefront

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/client"
)

// accounts asks the services that know customers. A shop need not have any of them: then there is no client. Without auth nobody signs in.
type accounts struct{ auth, customers, invoicing, loyalty *client.Client }

func accountsOf(k *app.Kit) (a accounts) {
	for name, api := range map[string]**client.Client{"auth": &a.auth, "customers": &a.customers, "invoicing": &a.invoicing, "loyalty": &a.loyalty} {
		*api, _ = k.ClientIfKnown(name)
	}
	return a
}

func (a accounts) there() bool { return a.auth != nil }

// bearer shows who asks.
func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// signed is what auth gives who signs in, and who goes on with a session.
type signed struct {
	Customer     string    `json:"customer"`
	Token        string    `json:"token"`
	ExpiresAt    time.Time `json:"expiresAt"`
	RefreshToken string    `json:"refreshToken"`
}

func (a accounts) signIn(ctx context.Context, email, password, device, visitor string) (signed, error) {
	r := client.Request{Method: http.MethodPost, Path: "/api/auth/sessions", Safe: true, Header: http.Header{}, Body: map[string]string{"email": email, "password": password, "device": device}}
	if visitor != "" {
		r.Header.Set("X-Forwarded-For", visitor)
	}
	s, _, err := client.Call[signed](ctx, a.auth, r)
	return s, err
}

func (a accounts) refresh(ctx context.Context, token string) (signed, error) {
	s, _, err := client.Call[signed](ctx, a.auth, client.Request{Method: http.MethodPost, Path: "/api/auth/refreshes", Safe: true, Timeout: accountPatience, Body: map[string]string{"refreshToken": token}})
	return s, err
}

func (a accounts) signOut(ctx context.Context, refresh string) error {
	_, _, err := client.Call[client.None](ctx, a.auth, client.Request{Method: http.MethodPost, Path: "/api/auth/logouts", Safe: true, Body: map[string]string{"refreshToken": refresh}})
	return err
}

// mail asks for the mail of a registration or of a reset: kind is the last part of the path.
func (a accounts) mail(ctx context.Context, kind, email, locale, visitor string) error {
	r := client.Request{Method: http.MethodPost, Path: "/api/auth/" + kind, Key: uuid.NewString(), Header: http.Header{}, Body: map[string]string{"email": email, "locale": locale}}
	if visitor != "" {
		r.Header.Set("X-Forwarded-For", visitor)
	}
	_, _, err := client.Call[client.None](ctx, a.auth, r)
	return err
}

func (a accounts) confirm(ctx context.Context, token, password string) error {
	_, _, err := client.Call[client.None](ctx, a.auth, client.Request{Method: http.MethodPost, Path: "/api/auth/confirmations", Key: uuid.NewString(), Body: map[string]string{"token": token, "password": password}})
	return err
}

func (a accounts) changePassword(ctx context.Context, token, was, is string) error {
	_, _, err := client.Call[client.None](ctx, a.auth, client.Request{Method: http.MethodPost, Path: "/api/auth/passwords", Key: uuid.NewString(), Header: bearer(token), Body: map[string]string{"password": was, "newPassword": is}})
	return err
}

// listOf is a piece of a list.
type listOf[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// login is a session as auth lists it.
type login struct {
	ID      string    `json:"id"`
	Device  string    `json:"device,omitempty"`
	Current bool      `json:"current"`
	UsedAt  time.Time `json:"usedAt"`
}

// profile is what a customer has said of himself.
type profile struct {
	Customer string `json:"customer"`
	Email    string `json:"email,omitempty"`
	Name     string `json:"name,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Locale   string `json:"locale,omitempty"`

	etag string
}

// savedAddress is one of the address book.
type savedAddress struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode,omitempty"`
	City     string `json:"city"`
	Country  string `json:"country"`
	Phone    string `json:"phone,omitempty"`
}

// Where is the address as it is written on a parcel.
func (a savedAddress) Where() []string {
	return address{Name: a.Name, Street: a.Street, Postcode: a.Postcode, City: a.City, Country: a.Country}.Lines()
}

// consent is what a customer agreed to, or took back.
type consent struct {
	Purpose     string    `json:"purpose"`
	TextVersion string    `json:"textVersion"`
	Granted     bool      `json:"granted"`
	At          time.Time `json:"at"`
}

// erasure is the proof that a customer is forgotten.
type erasure struct {
	ID      string   `json:"id"`
	State   string   `json:"state"`
	Waiting []string `json:"waiting"`
}

// points are what loyalty knows of a customer.
type points struct {
	Points    int64  `json:"points"`
	Available int64  `json:"available"`
	Tier      string `json:"tier"`
	NextTier  *struct {
		Name   string `json:"name"`
		Points int64  `json:"points"`
	} `json:"nextTier,omitempty"`
}

// pointEntry is a line of the ledger of points.
type pointEntry struct {
	Kind   string    `json:"kind"`
	Points int64     `json:"points"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// Words is what happened.
func (e pointEntry) Words() string {
	if text := map[string]string{"earned": "Earned", "taken-back": "Taken back", "spent": "Spent", "returned": "Given back", "expired": "Expired", "corrected": "Corrected"}[e.Kind]; text != "" {
		return text
	}
	return e.Kind
}

// Stamp is when, as <time> wants it.
func (e pointEntry) Stamp() string { return happened{At: e.At}.Stamp() }

// invoice is an invoice or a credit note in the list of an order's.
type invoice struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Number   string `json:"number"`
	IssuedOn string `json:"issuedOn"`
	Total    money  `json:"total"`
}

// Issued is the day of the invoice.
func (i invoice) Issued() time.Time { return dayOf(i.IssuedOn) }

// Words is what it is.
func (i invoice) Words() string {
	if i.Kind == "credit-note" {
		return "Credit note"
	}
	return "Invoice"
}

// ownOrder is an order in the list of a customer's.
type ownOrder struct {
	ID       string    `json:"id"`
	Number   string    `json:"number"`
	State    string    `json:"state"`
	PlacedAt time.Time `json:"placedAt"`
	Total    money     `json:"total"`
	Lines    int       `json:"lines"`
}

// Words is how far the order is.
func (o ownOrder) Words() string { return stateIn(o.State) }

// Stamp is when it was placed, as <time> wants it.
func (o ownOrder) Stamp() string { return happened{At: o.PlacedAt}.Stamp() }

// ask reads something of a customer's.
func ask[T any](ctx context.Context, api *client.Client, token, path string, query url.Values) (T, error) {
	out, _, err := client.Call[T](ctx, api, client.Request{Path: path, Query: query, Header: bearer(token)})
	return out, err
}

func (a accounts) profile(ctx context.Context, token string) (profile, error) {
	p, meta, err := client.Call[profile](ctx, a.customers, client.Request{Path: "/api/customers/me", Header: bearer(token)})
	p.etag = meta.ETag
	return p, err
}

func (a accounts) saveProfile(ctx context.Context, token, etag string, said map[string]string) error {
	_, _, err := client.Call[client.None](ctx, a.customers, client.Request{Method: http.MethodPut, Path: "/api/customers/me", IfMatch: etag, Header: bearer(token), Body: said})
	return err
}

const addressBook = "/api/customers/me/addresses"

func (a accounts) addAddress(ctx context.Context, token, key string, said map[string]string) error {
	_, _, err := client.Call[client.None](ctx, a.customers, client.Request{Method: http.MethodPost, Path: addressBook, Key: key, Header: bearer(token), Body: said})
	return err
}

// changeAddress replaces an address, or removes it where nothing is said of it.
func (a accounts) changeAddress(ctx context.Context, token, id string, said map[string]string) error {
	at := addressBook + "/" + url.PathEscape(id)
	_, meta, err := client.Call[client.None](ctx, a.customers, client.Request{Path: at, Header: bearer(token)})
	if err != nil {
		return err
	}
	r := client.Request{Method: http.MethodDelete, Path: at, IfMatch: meta.ETag, Header: bearer(token)}
	if said != nil {
		r.Method, r.Body = http.MethodPut, said
	}
	_, _, err = client.Call[client.None](ctx, a.customers, r)
	return err
}

func (a accounts) consent(ctx context.Context, token, key string, c consent) error {
	body := map[string]any{"purpose": c.Purpose, "textVersion": c.TextVersion, "granted": c.Granted}
	_, _, err := client.Call[client.None](ctx, a.customers, client.Request{Method: http.MethodPost, Path: "/api/customers/me/consents", Key: key, Header: bearer(token), Body: body})
	return err
}

func (a accounts) erase(ctx context.Context, token, customer string) (erasure, error) {
	e, _, err := client.Call[erasure](ctx, a.customers, client.Request{Method: http.MethodPost, Path: "/api/customers/me/erasures", Key: uuid.NewString(), Header: bearer(token), Body: map[string]string{"customer": customer}})
	return e, err
}

func (a accounts) proof(ctx context.Context, id string) (erasure, error) {
	e, _, err := client.Call[erasure](ctx, a.customers, client.Request{Path: "/api/customers/erasures/" + url.PathEscape(id)})
	return e, err
}

// endLogin ends one of a customer's sessions; nobody changes one, so any version is the right one.
func (a accounts) endLogin(ctx context.Context, token, id string) error {
	_, _, err := client.Call[client.None](ctx, a.auth, client.Request{Method: http.MethodDelete, Path: "/api/auth/sessions/" + url.PathEscape(id), IfMatch: "*", Header: bearer(token)})
	return err
}
