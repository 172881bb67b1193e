// What a visitor has typed and done so far on the way to an order: it is in a cookie of his, and nowhere else (docs/adr/0029).
package storefront

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// Over TLS the browser takes it from this host alone, and sends it to this host alone.
	secureDraft = "__Host-shop_checkout"
	plainDraft  = "shop_checkout"
	// draftAge is how long somebody may think about it.
	draftAge = 2 * time.Hour
	// mostDraft is what every browser keeps of a cookie, less its name and attributes.
	mostDraft   = 3800
	mostCoupons = 5
	longestCode = 64
)

// draft is an order that is not placed yet. Whoever forges one says no more than he could type; what counts is checked again by
// checkout, and prices are not in it.
type draft struct {
	Address address  `json:"a"`
	Coupons []string `json:"c,omitempty"`
	// Delivery is the way of delivery that was chosen; empty is the cheapest.
	Delivery string `json:"v,omitempty"`
	// Points and Gifts are how many points and which gift cards a customer uses.
	Points int64    `json:"x,omitempty"`
	Gifts  []string `json:"y,omitempty"`
	// Card is the provider's token of the card that was chosen, until the order is placed.
	Card string `json:"p,omitempty"`
	// Quote is the one that was shown, Was the one before it, where prices changed in between.
	Quote string `json:"q,omitempty"`
	Was   string `json:"w,omitempty"`
	// Attempt goes into the key of an order: what is sent again is the same attempt, and what is tried again after a refusal another.
	Attempt string `json:"t,omitempty"`
	// Hash and Since are set while an order is under way: the quote's hash, and since when, as Unix time. Saga is what checkout calls
	// it, once that is known.
	Hash  string `json:"h,omitempty"`
	Since int64  `json:"s,omitempty"`
	Saga  string `json:"g,omitempty"`
	// As is the customer for whom the attempt is; empty: a guest's. A key is good for who sent it first alone.
	As string `json:"u,omitempty"`
	// Order is the last one that was placed, with its number and token; Ordered is its quote.
	Order   string `json:"o,omitempty"`
	Number  string `json:"n,omitempty"`
	Token   string `json:"k,omitempty"`
	Ordered string `json:"d,omitempty"`
}

// Under tells whether an order is under way whose end is not known.
func (d draft) Under() bool { return d.Since > 0 && d.Quote != "" && d.Hash != "" && d.Attempt != "" }

func draftName(secure bool) string {
	if secure {
		return secureDraft
	}
	return plainDraft
}

// draftOf reads the cookie. What we did not write is no draft.
func draftOf(r *http.Request) draft {
	cookie, err := r.Cookie(draftName(secure(r)))
	if err != nil {
		return draft{}
	}
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	var d draft
	if err != nil || json.Unmarshal(text, &d) != nil || !d.sound() {
		return draft{}
	}
	return d
}

// sound tells whether ids are ids, and nothing is longer than a form takes: ids become parts of paths.
func (d draft) sound() bool {
	for _, id := range []string{d.Quote, d.Was, d.Attempt, d.Saga, d.Order, d.Ordered, d.As} {
		if id != "" && !isID(id) {
			return false
		}
	}
	for _, code := range d.Coupons {
		if code == "" || len(code) > longestCode {
			return false
		}
	}
	return d.soundSpending() && len(d.Coupons) <= mostCoupons && isWay(d.Delivery) && d.Address == d.Address.cut() && (d.Card == "" || nameOf(d.Card) != "") && len(d.Hash) <= 64 && len(d.Number) <= 64 && len(d.Token) <= 100
}

// keep writes the cookie, over what this answer would have written before.
func (d draft) keep(w http.ResponseWriter, r *http.Request) {
	text, err := json.Marshal(d)
	value := base64.RawURLEncoding.EncodeToString(text)
	if err != nil || len(value) > mostDraft {
		return // the fields' bounds do not let it happen; the one from before is kept
	}
	name := draftName(secure(r))
	w.Header()["Set-Cookie"] = slices.DeleteFunc(w.Header()["Set-Cookie"], func(set string) bool { return strings.HasPrefix(set, name+"=") })
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(draftAge.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(r),
	})
}

// anew is the draft before another attempt: nothing of it is under way.
func (d draft) anew() draft {
	d.Attempt, d.Since, d.Saga, d.Hash = uuid.NewString(), 0, "", ""
	return d
}
