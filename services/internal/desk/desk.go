// Package desk is what pages for staff have in common: signing in with the name and the password of auth, the cookie, what is said to who is
// refused, and the frame around a page. A service that has such pages makes a Desk, and shows its own templates in it.
package desk

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

const (
	// FormType is what the forms of pages are sent as.
	FormType = "application/x-www-form-urlencoded"
	// MostForm is more than any form of a page has, in bytes.
	MostForm = 8 << 10
	// retryAfter is in seconds.
	retryAfter = 5
)

// Desk is where staff sits. All but Auth and Links are required.
type Desk struct {
	// Root is the path of the pages, below /staff: /staff/books.
	Root string
	// Name is what the pages are about, as a sentence has it: "the books". Scope is what staff needs to see anything, Sees what
	// the scope allows: "read the books".
	Name, Scope, Sees string
	// Auth gives tokens; nil where the shop has no such service.
	Auth *client.Client
	Shop string
	Now  func() time.Time
	// Links lead to the pages of this service, for who is signed in.
	Links []Link
	// Pages are the templates, as Parse made them.
	Pages Pages
}

// Link is one of the pages.
type Link struct{ Path, Text string }

// Routes adds signing in and out, and refusals that people can read.
func (d *Desk) Routes(a *httpapi.API) {
	a.Refusals(d.refuse)
	forms := append(Forms(), httpapi.Refuses(http.StatusUnauthorized, http.StatusTooManyRequests))
	httpapi.Page(a, "POST", d.Root+"/session", access.Public, d.ownForm(d.signIn),
		append(forms, httpapi.ID("signIn"), httpapi.Summary("Sign in with the name and the password of auth"))...)
	httpapi.Page(a, "POST", d.Root+"/session/end", access.Public, d.ownForm(d.signOut), append(Forms(), httpapi.ID("signOut"), httpapi.Summary("Sign out"))...)
}

// Session lets a page take the token of the cookie.
func Session() httpapi.Option { return httpapi.Session(sessionOf) }

// Forms are the options of a route that takes a form and leads to a page.
func Forms() []httpapi.Option {
	return []httpapi.Option{
		httpapi.Consumes(FormType), httpapi.Status(http.StatusSeeOther), httpapi.With(httpapi.Limits{Body: MostForm}),
		httpapi.Refuses(http.StatusForbidden, http.StatusUnprocessableEntity),
	}
}

// ownForm refuses forms of other sites. Nobody's cookie is looked at here, but a page of another site must not sign anybody in as
// somebody else, or out.
func (d *Desk) ownForm(next http.HandlerFunc) http.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.Sorry(w, r, problem.New(problem.Forbidden, "This was sent by a page of another site."))
	}))
	return protection.Handler(next).ServeHTTP
}

// refuse answers what the chain refuses: a browser at a page of staff with a page, all others with a problem.
func (d *Desk) refuse(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	at := r.URL.Path
	if (at != d.Root && !strings.HasPrefix(at, d.Root+"/")) || !strings.Contains(strings.Join(r.Header["Accept"], ","), "text/html") {
		problem.Write(w, r, p)
		return
	}
	d.Sorry(w, r, p)
}

// Sorry is the page of a refusal: who is not signed in gets the form for it.
func (d *Desk) Sorry(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	for name, values := range p.Header() {
		w.Header()[name] = values
	}
	switch {
	case p.Status == http.StatusUnauthorized:
		d.showSignIn(w, r, p.Status, signInView{})
	case p.Status == http.StatusForbidden && p.Type == problem.Forbidden.Type() && sessionOf(r) != "" && r.Method == http.MethodGet:
		d.showSignIn(w, r, p.Status, signInView{Said: d.lacks() + " Sign in with another one."})
	default:
		d.Show(w, r, p.Status, sorry, View{Title: p.Title, SignedIn: sessionOf(r) != "", Body: sorryView{p.Detail, d.Root, d.Name}})
	}
}

func (d *Desk) lacks() string {
	return "Your account may not " + d.Sees + ": it lacks the scope " + d.Scope + "."
}

// Fields reads a form, whose type and size the chain has checked. Where it cannot, it has answered.
func (d *Desk) Fields(w http.ResponseWriter, r *http.Request) (get func(string) string, ok bool) {
	if err := r.ParseForm(); err != nil {
		code := http.StatusBadRequest
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			code = http.StatusRequestEntityTooLarge
		}
		d.Sorry(w, r, problem.New(problem.Plain(code), "The form cannot be read."))
		return nil, false
	}
	return r.PostForm.Get, true
}
