// The orders of who is signed in, each with its invoices, and his points.
package storefront

import (
	"context"
	"net/http"
	"net/url"
)

const historyPath = "/account/orders"

type historyBody struct {
	Orders []ownOrder
	// Next is the path of the page of older ones.
	Next string
}

func (s *shop) historyPage(w http.ResponseWriter, r *http.Request) {
	s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
		if s.orders.api == nil {
			s.fail(w, r, http.StatusNotFound)
			return
		}
		cursor := r.URL.Query().Get("cursor")
		list, err := ask[listOf[ownOrder]](r.Context(), s.orders.api, who.Token, "/api/orders", pieceOf(cursor, "20"))
		switch {
		case cursor != "" && status(err) == http.StatusBadRequest: // of another time
			http.Redirect(w, r, historyPath, http.StatusSeeOther)
			return
		case err != nil:
			s.failed(w, r, err)
			return
		}
		body := historyBody{Orders: list.Items}
		if list.Next != "" {
			body.Next = historyPath + "?cursor=" + url.QueryEscape(list.Next)
		}
		s.render(w, r, http.StatusOK, "history", page{Title: s.say(r, "Your orders"), Unlisted: true, Personal: true, Count: <-s.counting(r), Body: body})
	})(w, r)
}

func pieceOf(cursor, limit string) url.Values {
	q := url.Values{"limit": {limit}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return q
}

type ownOrderBody struct {
	Order bought
	// Invoices is nil where invoicing does not answer; an order has none until it is paid.
	Invoices    *listOf[invoice]
	HasInvoices bool
	// Reviewing tells whether the customer can say what he thinks of the goods: they are there.
	Reviewing bool
}

// ownOrderPage shows an order of the customer's. Somebody else's is not told from one that there is not (C24).
func (s *shop) ownOrderPage(w http.ResponseWriter, r *http.Request) {
	s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
		id := r.PathValue("id")
		if s.orders.api == nil || !isID(id) {
			s.fail(w, r, http.StatusNotFound)
			return
		}
		invoices := part(r.Context(), s.accounts.invoicing, func(ctx context.Context) (listOf[invoice], error) {
			list, err := ask[listOf[invoice]](ctx, s.accounts.invoicing, who.Token, "/api/invoicing/orders/"+url.PathEscape(id), nil)
			if status(err) == http.StatusNotFound {
				return listOf[invoice]{}, nil
			}
			return list, err
		})
		b, err := ask[bought](r.Context(), s.orders.api, who.Token, "/api/orders/"+url.PathEscape(id), nil)
		if err != nil {
			s.failed(w, r, err)
			return
		}
		s.render(w, r, http.StatusOK, "ownorder", page{
			Title: s.say(r, "Order %s", b.Number), Unlisted: true, Personal: true, Count: <-s.counting(r), Body: ownOrderBody{b, <-invoices, s.accounts.invoicing != nil, s.reviews.api != nil && b.arrived()},
		})
	})(w, r)
}

type pointsBody struct {
	Points  points
	Entries []pointEntry
	Next    string
}

func (s *shop) pointsPage(w http.ResponseWriter, r *http.Request) {
	s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
		if s.accounts.loyalty == nil {
			s.fail(w, r, http.StatusNotFound)
			return
		}
		cursor := r.URL.Query().Get("cursor")
		ctx, cancel := context.WithTimeout(r.Context(), accountPatience) // a page of loyalty alone says soon that it cannot be shown
		defer cancel()
		p, err := ask[points](ctx, s.accounts.loyalty, who.Token, "/api/loyalty/account", nil)
		var list listOf[pointEntry]
		if err == nil {
			list, err = ask[listOf[pointEntry]](ctx, s.accounts.loyalty, who.Token, "/api/loyalty/entries", pieceOf(cursor, "20"))
		}
		switch {
		case cursor != "" && status(err) == http.StatusBadRequest:
			http.Redirect(w, r, "/account/points", http.StatusSeeOther)
			return
		case err != nil:
			s.failed(w, r, err)
			return
		}
		body := pointsBody{Points: p, Entries: list.Items}
		if list.Next != "" {
			body.Next = "/account/points?cursor=" + url.QueryEscape(list.Next)
		}
		s.render(w, r, http.StatusOK, "points", page{Title: s.say(r, "Your points"), Unlisted: true, Personal: true, Count: <-s.counting(r), Body: body})
	})(w, r)
}
