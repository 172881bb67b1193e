package storefront

import (
	"net/http"
	"net/url"
)

// How a customer has himself forgotten, and sees how far that is.

type erasedBody struct{ Proof erasure }

// erase forgets the customer. The proof's page needs no account: there is none any more.
func (s *shop) erase(w http.ResponseWriter, r *http.Request) {
	s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
		get, code := fieldsOf(r)
		switch {
		case code != 0:
			s.fail(w, r, code)
			return
		case s.accounts.customers == nil:
			s.fail(w, r, http.StatusNotFound)
			return
		case get("sure") != "yes":
			s.showAccount(w, r, http.StatusUnprocessableEntity, who, accountBody{Wrong: flaws{{"sure", "Delete account", "Tick the box, so that nobody is forgotten by accident."}}})
			return
		}
		proof, err := s.accounts.erase(r.Context(), who.Token, who.Customer)
		if err != nil {
			s.failed(w, r, err)
			return
		}
		leaveSession(w, r)
		leaveDraft(w, r)
		forget(w, r)
		http.Redirect(w, r, "/account/erasures/"+url.PathEscape(proof.ID), http.StatusSeeOther)
	})(w, r)
}

// erasedPage shows how far an erasure is, to whoever has its id.
func (s *shop) erasedPage(w http.ResponseWriter, r *http.Request) {
	if s.accounts.customers == nil || !isID(r.PathValue("id")) {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	proof, err := s.accounts.proof(r.Context(), r.PathValue("id"))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "erased", page{Title: s.say(r, "Your data"), Unlisted: true, Personal: true, Secret: true, Body: erasedBody{proof}})
}
