// Sending goods back: what of an order, and then the second word that makes it a withdrawal.
package storefront

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

const mostReason = 500 // characters, as returns takes them

// returnBody is the page of an order's returns, or of one of them.
type returnBody struct {
	Able returnable
	// One is the return that the page is about; nil: the form of a new one.
	One *returned
	// Token shows the order; Attempt is the form's own.
	Token, Attempt, Reason, Wrong string
	// Back is the page of the order, Here that of its returns.
	Back, Here string
}

// Path is the page of a return.
func (b returnBody) Path(r returned) string {
	return "/orders/" + url.PathEscape(r.Order) + "/returns/" + url.PathEscape(r.ID) + "?token=" + url.QueryEscape(b.Token)
}

// Receipt is where the receipt of a return is, to keep.
func (b returnBody) Receipt(r returned) string {
	return "/api/returns/own/" + url.PathEscape(r.ID) + "/receipt?token=" + url.QueryEscape(b.Token)
}

func returnsPath(order, token string) string {
	return "/orders/" + url.PathEscape(order) + "/returns?token=" + url.QueryEscape(token)
}

func (s *shop) returnRoutes(a *httpapi.API, forms []httpapi.Option) {
	missing := httpapi.Refuses(http.StatusNotFound)
	httpapi.Page(a, "GET", "/orders/{id}/returns", access.Public, s.returning(s.returnsPage), httpapi.ID("returnsPage"), httpapi.Summary("What of an order can be sent back, and what was"), missing)
	httpapi.Page(a, "POST", "/orders/{id}/returns", access.Public, s.ownForm(s.returning(s.announceReturn)),
		append(forms, httpapi.ID("announceReturn"), httpapi.Summary("Say what is sent back"), missing)...)
	httpapi.Page(a, "GET", "/orders/{id}/returns/{return}", access.Public, s.returning(s.returnPage), httpapi.ID("returnPage"), httpapi.Summary("How far a return is, or its second step"), missing)
	httpapi.Page(a, "POST", "/orders/{id}/returns/{return}", access.Public, s.ownForm(s.returning(s.confirmReturn)),
		append(forms, httpapi.ID("confirmReturn"), httpapi.Summary("Withdraw"), missing)...)
}

// orderWithReturns is the page of an order from which goods can be sent back: Returns is the page for that, empty where there is none.
type orderWithReturns struct {
	orderBody
	Returns string
}

// withReturns adds the way to send goods back to the page of an order that was sent.
func (s *shop) withReturns(b orderBody, token string) orderWithReturns {
	if s.returns.api == nil || (b.Order.State != "sent" && b.Order.State != "completed") {
		return orderWithReturns{orderBody: b}
	}
	return orderWithReturns{b, returnsPath(b.Order.ID, token)}
}

// returning lets through who shows an order's token, to a shop that takes goods back.
func (s *shop) returning(next func(w http.ResponseWriter, r *http.Request, order, token string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, token := r.PathValue("id"), r.URL.Query().Get("token")
		one := r.PathValue("return")
		if s.returns.api == nil || !isID(id) || token == "" || len(token) > 100 || one != "" && !isID(one) {
			s.fail(w, r, http.StatusNotFound)
			return
		}
		next(w, r, id, token)
	}
}

// unseen shows of what somebody may not see that it is not there (C24).
func (s *shop) unseen(w http.ResponseWriter, r *http.Request, err error) {
	if code := status(err); code == http.StatusUnauthorized || code == http.StatusNotFound {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	s.failed(w, r, err)
}

func (s *shop) returnsPage(w http.ResponseWriter, r *http.Request, order, token string) {
	s.showReturns(w, r, http.StatusOK, order, returnBody{Token: token, Attempt: uuid.NewString()})
}

// showReturns shows what can be returned; what was typed stays.
func (s *shop) showReturns(w http.ResponseWriter, r *http.Request, code int, order string, b returnBody) {
	counting := s.counting(r)
	able, err := s.returns.ofOrder(r.Context(), order, b.Token)
	if err != nil {
		s.unseen(w, r, err)
		return
	}
	b.Able = able
	s.showReturn(w, r, code, "Send something back", b, <-counting)
}

func (s *shop) showReturn(w http.ResponseWriter, r *http.Request, code int, title string, b returnBody, count int) {
	order := r.PathValue("id")
	b.Back, b.Here = orderPath(order, b.Token), returnsPath(order, b.Token)
	s.render(w, r, code, "return", page{Title: s.say(r, title), Problem: b.Wrong != "", Unlisted: true, Personal: true, Count: count, Body: b})
}

// announceReturn is the first step: it has no effect before the second one.
func (s *shop) announceReturn(w http.ResponseWriter, r *http.Request, order, token string) {
	get, code := fieldsOf(r)
	if code != 0 {
		s.fail(w, r, code)
		return
	}
	b := returnBody{Token: token, Attempt: get("attempt"), Reason: strings.TrimSpace(get("reason"))}
	if !isID(b.Attempt) {
		b.Attempt = uuid.NewString()
	}
	wish := returnWish{Order: order, Reason: b.Reason}
	if wish.Lines, b.Wrong = wishedLines(r.PostForm); b.Wrong == "" && len([]rune(b.Reason)) > mostReason {
		b.Wrong = fmt.Sprintf("Please say it in %d characters.", mostReason)
	}
	if b.Wrong != "" {
		s.showReturns(w, r, http.StatusUnprocessableEntity, order, b)
		return
	}
	made, err := s.returns.announce(r.Context(), wish, token, b.Attempt)
	switch code := status(err); {
	case code == http.StatusConflict || code == http.StatusUnprocessableEntity:
		b.Attempt, b.Wrong = uuid.NewString(), wordsOf(err)
		s.showReturns(w, r, http.StatusConflict, order, b)
	case err != nil:
		s.unseen(w, r, err)
	default:
		http.Redirect(w, r, b.Path(made), http.StatusSeeOther)
	}
}

// wordsOf is what another service said to people.
func wordsOf(err error) string {
	if refused := new(client.Error); errors.As(err, &refused) && refused.Problem.Detail != "" {
		return refused.Problem.Detail
	}
	return "This cannot be sent back any more. Look at what is left below."
}

// wishedLines are the quantities of a form: line-1=2.
func wishedLines(fields url.Values) (lines []returnWishLine, wrong string) {
	for n := 1; n <= 500; n++ {
		text := strings.TrimSpace(fields.Get("line-" + strconv.Itoa(n)))
		if text == "" || text == "0" {
			continue
		}
		quantity, err := strconv.Atoi(text)
		if err != nil || quantity < 1 || quantity > 1_000_000 {
			return nil, "Please enter whole numbers."
		}
		lines = append(lines, returnWishLine{n, quantity})
	}
	if len(lines) == 0 {
		return nil, "Please say how many of what you send back."
	}
	return lines, ""
}

func (s *shop) returnPage(w http.ResponseWriter, r *http.Request, order, token string) {
	s.showOne(w, r, http.StatusOK, order, returnBody{Token: token})
}

// showOne shows a return of the order that the address names.
func (s *shop) showOne(w http.ResponseWriter, r *http.Request, code int, order string, b returnBody) {
	counting := s.counting(r)
	one, err := s.returns.read(r.Context(), r.PathValue("return"), b.Token)
	switch {
	case err != nil:
		s.unseen(w, r, err)
		return
	case one.Order != order:
		s.fail(w, r, http.StatusNotFound)
		return
	}
	b.One = &one
	title := "Your return"
	if one.Announced() {
		title = "Confirm your withdrawal"
	}
	s.showReturn(w, r, code, title, b, <-counting)
}

// confirmReturn is the second step.
func (s *shop) confirmReturn(w http.ResponseWriter, r *http.Request, order, token string) {
	err := s.returns.confirm(r.Context(), r.PathValue("return"), token)
	switch code := status(err); {
	case code == http.StatusConflict:
		s.showOne(w, r, http.StatusConflict, order, returnBody{Token: token, Wrong: wordsOf(err)})
	case err != nil:
		s.unseen(w, r, err)
	default:
		http.Redirect(w, r, returnBody{Token: token}.Path(returned{ID: r.PathValue("return"), Order: order}), http.StatusSeeOther)
	}
}
