package storefront

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// The forms of the account's page. What one does is said on that page, or what is wrong with it.

// change is a form of the account's page. What it does is said on that page, or what is wrong with it.
func (s *shop) change(done string, do func(ctx context.Context, who session, get func(string) string) (flaws, error)) http.HandlerFunc {
	return s.mine(func(w http.ResponseWriter, r *http.Request, who session) {
		get, code := fieldsOf(r)
		if code != 0 {
			s.fail(w, r, code)
			return
		}
		wrong, err := do(r.Context(), who, get)
		body := accountBody{Wrong: wrong.in(get("id")), Kept: addressIn(get)}
		refused, _ := refusedOf(err)
		switch {
		case wrong != nil:
			s.showAccount(w, r, http.StatusUnprocessableEntity, who, body)
		case err == nil:
			http.Redirect(w, r, accountPath+"?done="+done, http.StatusSeeOther)
		case refused == nil || refused.Status >= http.StatusInternalServerError:
			s.failed(w, r, err)
		case refused.Status == http.StatusUnauthorized:
			http.Redirect(w, r, signInTo(accountPath), http.StatusSeeOther)
		default:
			body.Said, body.Wrong = refusedChange(refused)
			body.Wrong = body.Wrong.in(get("id"))
			s.showAccount(w, r, refused.Status, who, body)
		}
	})
}

// fields are what the page calls what another service refuses.
var fieldNames = map[string]string{
	"name": "Full name", "street": "Street and number", "postcode": "Postcode", "city": "Town or city", "country": "Country", "phone": "Phone", "email": "Email",
	"password": "Password", "newPassword": "New password",
}

// refusedChange says what is wrong with a form, at its field where there is one.
func refusedChange(refused *client.Error) (says string, wrong flaws) {
	for _, f := range refused.Problem.Errors {
		id := f.Pointer[strings.LastIndexByte(f.Pointer, '/')+1:]
		if label := fieldNames[id]; label != "" {
			wrong = append(wrong, flaw{id, label, f.Detail})
		}
	}
	switch {
	case wrong != nil:
		return "", wrong
	case refused.Status == http.StatusPreconditionFailed:
		return "This was changed in another window. Here is what it is now: please change it again.", nil
	case refused.Status == http.StatusNotFound:
		return "That is not there any more.", nil
	case refused.Problem.Detail != "":
		return refused.Problem.Detail, nil
	}
	return "That could not be done. Please check what you typed.", nil
}

func (s *shop) saveProfile(w http.ResponseWriter, r *http.Request) {
	s.change("profile", func(ctx context.Context, who session, get func(string) string) (flaws, error) {
		if s.accounts.customers == nil {
			return nil, errAway
		}
		said := typedIn(get, "email", "name", "phone", "country", "locale")
		return nil, s.accounts.saveProfile(ctx, who.Token, get("tag"), said)
	})(w, r)
}

// errAway is of a service that the shop has not.
var errAway = errors.New("the shop has no such service")

// typedIn are the fields of a form that are not empty.
func typedIn(get func(string) string, fields ...string) map[string]string {
	said := map[string]string{}
	for _, id := range fields {
		if text := strings.TrimSpace(get(id)); text != "" {
			said[id] = text
		}
	}
	return said
}

// keyOf is the key of a form that is sent once, however often it comes.
func keyOf(attempt string) string {
	if isID(attempt) {
		return attempt
	}
	return uuid.NewString()
}

func (s *shop) giveConsent(w http.ResponseWriter, r *http.Request) {
	s.change("consent", func(ctx context.Context, who session, get func(string) string) (flaws, error) {
		if s.accounts.customers == nil {
			return nil, errAway
		}
		return nil, s.accounts.consent(ctx, who.Token, keyOf(get("attempt")), consent{Purpose: newsletter, TextVersion: newsletterText, Granted: get("granted") == "yes"})
	})(w, r)
}

func (s *shop) changePassword(w http.ResponseWriter, r *http.Request) {
	s.change("password", func(ctx context.Context, who session, get func(string) string) (flaws, error) {
		if was := get("password"); was == "" || len(was) > mostPassword {
			return flaws{{"password", "Password", "Enter the password that you have now."}}, nil
		}
		if wrong := fit(get("newPassword")); wrong != "" {
			return flaws{{"newPassword", "New password", wrong}}, nil
		}
		return nil, s.accounts.changePassword(ctx, who.Token, get("password"), get("newPassword"))
	})(w, r)
}

func (s *shop) endLogin(w http.ResponseWriter, r *http.Request) {
	s.change("session", func(ctx context.Context, who session, get func(string) string) (flaws, error) {
		if !isID(get("id")) {
			return nil, nil // what never was has ended
		}
		err := s.accounts.endLogin(ctx, who.Token, get("id"))
		if status(err) == http.StatusNotFound {
			return nil, nil
		}
		return nil, err
	})(w, r)
}
