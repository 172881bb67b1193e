package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// handler answers a request of somebody who is signed in.
type handler func(w http.ResponseWriter, r *http.Request, who *session) error

// signedIn lets somebody in, and tells what went wrong.
func (s *Server) signedIn(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := s.enter(r)
		if err == nil {
			err = h(w, r, who)
		}
		switch {
		case err == nil:
		case errors.Is(err, errNobody):
			s.outside(w, r)
		case apierrors.IsUnauthorized(err):
			s.signedOut(w, r)
		default:
			s.fail(w, r, explain(err))
		}
	}
}

// outside answers whom nobody knows. Browsers keep back a strict cookie where the link stood on another site, as in a
// chat: the same address, asked for by a page of ours, has it.
func (s *Server) outside(w http.ResponseWriter, r *http.Request) {
	if site := r.Header.Get("Sec-Fetch-Site"); (site == "cross-site" || site == "same-site") && r.Method == http.MethodGet {
		s.show(w, r, http.StatusOK, "again", &page{Title: "One moment", Again: r.URL.RequestURI()})
		return
	}
	if s.local != nil {
		s.fail(w, r, problem{http.StatusUnauthorized, "You are not signed in", "Open the address that kubectl shop console printed. It works once, and for one browser: start the command again for another."})
		return
	}
	s.toLogin(w, r)
}

// signedOut answers somebody whom the API server does not know any more.
func (s *Server) signedOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.cookieName); err == nil {
		s.sessions.finish(c.Value)
		http.SetCookie(w, s.cookie(""))
	}
	if s.local != nil {
		s.fail(w, r, problem{http.StatusUnauthorized, "You are signed out", "The API server does not accept your credentials any more. Sign in to the cluster, and start kubectl shop console again."})
		return
	}
	s.toLogin(w, r)
}

func (s *Server) toLogin(w http.ResponseWriter, r *http.Request) {
	if wantsJSON(r) || r.Method != http.MethodGet {
		s.fail(w, r, problem{http.StatusUnauthorized, "You are not signed in", "Sign in at /login, or send a token of the cluster as Authorization: Bearer."})
		return
	}
	http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
}

// inside is a path of ours to go on to; "/" for whatever else is asked for.
func inside(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsAny(next, "\\\t\r\n") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return next
}

func (s *Server) startPage(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "start", &page{Title: "Sign in"})
}

// start gives a browser a session for the code that the terminal has.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	if !s.form(w, r) {
		return
	}
	if !s.redeem(r.PostForm.Get("code")) {
		s.fail(w, r, problem{http.StatusForbidden, "This code was used, or is none", "Start kubectl shop console again: its code works once."})
		return
	}
	s.admit(w, r, s.local, "")
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "login", &page{Title: "Sign in", Body: loginBody{Next: inside(r.URL.Query().Get("next"))}})
}

// loginBody is the form that takes a token. It never shows one.
type loginBody struct{ Next, Wrong string }

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if !s.form(w, r) {
		return
	}
	token, next := strings.TrimSpace(r.PostForm.Get("token")), inside(r.PostForm.Get("next"))
	wrong := func(code int, why string) {
		s.show(w, r, code, "login", &page{Title: "Sign in", Wrong: true, Body: loginBody{Next: next, Wrong: why}})
	}
	if token == "" {
		wrong(http.StatusUnprocessableEntity, "Paste a token.")
		return
	}
	who, err := s.identities.of(r.Context(), token)
	switch {
	case apierrors.IsUnauthorized(err):
		wrong(http.StatusUnprocessableEntity, "The API server does not accept this token. It may have expired, or be another cluster's.")
	case err != nil:
		s.log.Warn("signing somebody in", "error", explain(err).Text)
		wrong(http.StatusBadGateway, "The API server could not be asked: "+explain(err).Text)
	default:
		s.admit(w, r, who, token)
	}
}

// admit begins a session.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, who *identity, token string) {
	s.log.Info("beginning a session", "user", who.who.User)
	ends := until(token, s.now())
	http.SetCookie(w, s.cookie(s.sessions.begin(who, ends)))
	http.Redirect(w, r, inside(r.PostForm.Get("next")), http.StatusSeeOther)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.cookieName); err == nil && proven(r) {
		s.sessions.finish(c.Value)
		http.SetCookie(w, s.cookie(""))
	}
	if s.local != nil {
		s.show(w, r, http.StatusOK, "again", &page{Title: "Signed out", Body: "Start kubectl shop console again to sign in."})
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
