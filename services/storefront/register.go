// Registering, and a password that was forgotten: a mail has the link that sets it. What the pages say does not tell who has an account (C42).
package storefront

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// leastPassword is auth's, in characters.
const leastPassword = 8

// wanting is a reason to get a mail.
type wanting struct {
	// kind is what auth calls it.
	kind, path, title, button string
}

var (
	registering = wanting{"registrations", "/account/register", "Create an account", "Send me the link"}
	forgotten   = wanting{"resets", "/account/forgot", "Forgotten password", "Send me the link"}
)

type mailBody struct {
	Path, Heading, Button, Email string
	// Sent tells that the mail was asked for.
	Sent  bool
	Said  string
	Wrong flaws
}

func (s *shop) mailPage(want wanting) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.showMail(w, r, http.StatusOK, want, mailBody{}) }
}

func (s *shop) showMail(w http.ResponseWriter, r *http.Request, code int, want wanting, body mailBody) {
	body.Path, body.Heading, body.Button = want.path, want.title, want.button
	s.render(w, r, code, "mailwanted", page{Title: s.say(r, want.title), Problem: body.Wrong != nil || body.Said != "", Unlisted: true, Personal: true, Count: <-s.counting(r), Body: body})
}

func (s *shop) wantMail(want wanting) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		get, code := fieldsOf(r)
		if code != 0 {
			s.fail(w, r, code)
			return
		}
		body := mailBody{Email: strings.TrimSpace(get("email"))}
		if !isMail(body.Email) || len(body.Email) > longest["email"] {
			body.Wrong = flaws{{"email", "Email", "Enter an email address such as ann@example.org."}}
			s.showMail(w, r, http.StatusUnprocessableEntity, want, body)
			return
		}
		switch err := s.accounts.mail(r.Context(), want.kind, body.Email, mailLocale(s.localeOf(s.languageIn(r))), visitorOf(r)); status(err) {
		case http.StatusUnprocessableEntity:
			body.Wrong = flaws{{"email", "Email", "Enter an email address such as ann@example.org."}}
			s.showMail(w, r, http.StatusUnprocessableEntity, want, body)
		case http.StatusTooManyRequests:
			w.Header().Set("Retry-After", "60")
			body.Said = "Those were too many mails. Please wait a minute."
			s.showMail(w, r, http.StatusTooManyRequests, want, body)
		default:
			if err != nil {
				s.log.WarnContext(r.Context(), "asking for a mail", "error", err)
				w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
				body.Said = "No mail can be sent at the moment. Please try again in a few seconds."
				s.showMail(w, r, http.StatusServiceUnavailable, want, body)
				return
			}
			body.Sent = true
			s.showMail(w, r, http.StatusOK, want, body)
		}
	}
}

type confirmBody struct {
	// Token is that of the mail's link.
	Token string
	Said  string
	Wrong flaws
}

// confirmPage shows the form alone: programs that look at links in mails use up nothing.
func (s *shop) confirmPage(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	if !opaque(token) || len(token) > 100 {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	s.showConfirm(w, r, http.StatusOK, confirmBody{Token: token})
}

func (s *shop) showConfirm(w http.ResponseWriter, r *http.Request, code int, body confirmBody) {
	s.render(w, r, code, "confirm", page{Title: s.say(r, "Choose a password"), Problem: body.Wrong != nil || body.Said != "", Unlisted: true, Personal: true, Body: body})
}

// fit says what is wrong with a password that is to be set; empty: nothing.
func fit(password string) string {
	if utf8.RuneCountInString(password) < leastPassword || len(password) > mostPassword {
		return "Choose a password of 8 characters or more. A sentence is fine."
	}
	return ""
}

// confirm sets the password. Who has the mail signs in with it afterwards: a link is no session.
func (s *shop) confirm(w http.ResponseWriter, r *http.Request) {
	get, code := fieldsOf(r)
	if code != 0 {
		s.fail(w, r, code)
		return
	}
	body := confirmBody{Token: get("token")}
	if !opaque(body.Token) || len(body.Token) > 100 {
		s.fail(w, r, http.StatusBadRequest)
		return
	}
	if wrong := fit(get("password")); wrong != "" {
		body.Wrong = flaws{{"password", "Password", wrong}}
		s.showConfirm(w, r, http.StatusUnprocessableEntity, body)
		return
	}
	err := s.accounts.confirm(r.Context(), body.Token, get("password"))
	switch refused, _ := refusedOf(err); {
	case err == nil:
		leaveSession(w, r) // auth ended all that there were
		http.Redirect(w, r, signInPath+"?set=1", http.StatusSeeOther)
	case refused != nil && detailOf(refused.Problem, "password") != "":
		body.Wrong = flaws{{"password", "Password", detailOf(refused.Problem, "password")}}
		s.showConfirm(w, r, http.StatusUnprocessableEntity, body)
	case refused != nil && refused.Status == http.StatusUnprocessableEntity:
		body.Said = "This link is not good any more: it was used, or it is older than an hour."
		s.showConfirm(w, r, http.StatusUnprocessableEntity, body)
	default:
		s.failed(w, r, err)
	}
}
