// The wish lists of who is signed in, and the form at a product that puts it on one.
package storefront

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

const (
	wishesPath = "/account/wishlists"
	// mostLists are on the page: who has more finds the newest ones.
	mostLists = 5
	// mostSKU is what wishlists takes, in bytes.
	mostSKU = 64
)

type wishesBody struct {
	Lists []shownList
	// Away tells that wishlists does not answer.
	Away bool
	// Done says what was just done.
	Done string
}

type shownList struct {
	ID, Name string
	Items    []shownWish
}

// shownWish is a wish with the product, as far as catalog knows it still.
type shownWish struct {
	wish
	Product product
}

// wishDone is what the page says after a form, by the word in its address.
var wishDone = map[string]string{"added": "It is on your wish list.", "removed": "It is off your wish list."}

func (s *shop) wishRoutes(a *httpapi.API, forms []httpapi.Option) {
	httpapi.Page(a, "GET", wishesPath, access.Public, s.private(s.wishing(s.wishPage)), httpapi.ID("wishlists"), httpapi.Summary("One's own wish lists"), httpapi.Refuses(http.StatusNotFound))
	httpapi.Page(a, "POST", wishesPath, access.Public, s.ownForm(s.private(s.wishing(s.takeWish))),
		append(forms[:len(forms):len(forms)], httpapi.ID("takeWish"), httpapi.Summary("Put a product on a wish list, or take it off"), httpapi.Refuses(http.StatusNotFound))...)
}

// wishing lets in who is signed in, to a shop with wish lists.
func (s *shop) wishing(next func(http.ResponseWriter, *http.Request, session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.wishes.api == nil {
			s.fail(w, r, http.StatusNotFound)
			return
		}
		s.mine(next)(w, r)
	}
}

func (s *shop) wishPage(w http.ResponseWriter, r *http.Request, who session) {
	counting := s.counting(r)
	body, code := wishesBody{Done: wishDone[r.URL.Query().Get("done")]}, http.StatusOK
	lists, err := s.wished(r.Context(), who.Token)
	if err != nil {
		body, code = s.noWishes(w, r, err), http.StatusServiceUnavailable
	}
	for _, l := range lists {
		body.Lists = append(body.Lists, s.shownList(r.Context(), l))
	}
	s.render(w, r, code, "wishlists", page{Title: s.say(r, "Your wish lists"), Problem: body.Away, Unlisted: true, Personal: true, Count: <-counting, Body: body})
}

// noWishes is the page while wishlists does not answer.
func (s *shop) noWishes(w http.ResponseWriter, r *http.Request, err error) wishesBody {
	s.log.WarnContext(r.Context(), "asking wishlists", "error", err)
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	return wishesBody{Away: true}
}

// wished are the newest lists, with what is on them. One that was removed meanwhile is none.
func (s *shop) wished(ctx context.Context, token string) (all []wishlist, err error) {
	ctx, cancel := context.WithTimeout(ctx, accountPatience)
	defer cancel()
	lists, err := s.wishes.lists(ctx, token, strconv.Itoa(mostLists))
	for _, l := range lists {
		one, err := s.wishes.read(ctx, token, l.ID)
		if err != nil && status(err) != http.StatusNotFound {
			return nil, err
		}
		if err == nil {
			all = append(all, one)
		}
	}
	return all, err
}

// shownList is a list with its products. What catalog does not tell is shown by its article number.
func (s *shop) shownList(ctx context.Context, l wishlist) shownList {
	asked := make([]<-chan product, len(l.Items))
	for n, one := range l.Items {
		asked[n] = alongside(ctx, func(ctx context.Context) (product, error) {
			p, _ := s.goods.get(ctx, one.SKU)
			return p, nil
		})
	}
	shown := shownList{ID: l.ID, Name: l.Name}
	for n, one := range l.Items {
		shown.Items = append(shown.Items, shownWish{one, <-asked[n]})
	}
	return shown
}

// takeWish puts a product on the newest list, or takes it off the one that the form names.
func (s *shop) takeWish(w http.ResponseWriter, r *http.Request, who session) {
	get, code := fieldsOf(r)
	sku, from := strings.TrimSpace(get("sku")), get("list")
	switch {
	case code == 0 && (sku == "" || len(sku) > mostSKU || from != "" && !isID(from)):
		code = http.StatusBadRequest
		fallthrough
	case code != 0:
		s.fail(w, r, code)
		return
	}
	list, err := s.wishlistFor(r, who.Token, from)
	if err == nil {
		err = s.wishes.change(r.Context(), who.Token, list, sku, from == "")
	}
	switch refused := status(err); {
	case err == nil || from != "" && refused == http.StatusNotFound:
		done := url.Values{"done": {"added"}}
		if from != "" {
			done.Set("done", "removed")
		}
		http.Redirect(w, r, wishesPath+"?"+done.Encode(), http.StatusSeeOther)
	case codeFor(refused) != http.StatusServiceUnavailable:
		s.failed(w, r, err)
	default:
		body := s.noWishes(w, r, err)
		s.render(w, r, http.StatusServiceUnavailable, "wishlists", page{Title: s.say(r, "Your wish lists"), Problem: true, Unlisted: true, Personal: true, Count: <-s.counting(r), Body: body})
	}
}

// wishlistFor is the list that a form names, else the newest; who has none gets one.
func (s *shop) wishlistFor(r *http.Request, token, id string) (wishlist, error) {
	if id == "" {
		lists, err := s.wishes.lists(r.Context(), token, "1")
		switch {
		case err != nil:
			return wishlist{}, err
		case len(lists) == 0:
			return s.wishes.create(r.Context(), token, s.say(r, "Wish list"))
		}
		id = lists[0].ID
	}
	return s.wishes.read(r.Context(), token, id)
}
