package books

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// The page of staff, for who has a browser and no curl. It says what the API says, and takes the same tokens.

const (
	// staffRoot is another path that the shop gives to this service: shop/service.yaml.
	staffRoot = "/staff/books"
	formType  = "application/x-www-form-urlencoded"
	// mostForm is more than any form of the page has.
	mostForm = 8 << 10
	// readsBooks and writesBooks are the scopes of staff.
	readsBooks, writesBooks = "books:read", "books:write"
	// askingOpen bounds how long checkout may take to say which checkouts are open, mostOpen how many pages of them are read.
	askingOpen, mostOpen = 2 * time.Second, 10
)

// desk is where staff sits.
type desk struct {
	api *api
	// auth gives tokens; nil where the shop has no such service.
	auth *client.Client
	shop string
}

func (d *desk) routes(a *httpapi.API) {
	a.Refusals(d.refuse)
	session := httpapi.Session(sessionOf)
	forms := []httpapi.Option{
		httpapi.Consumes(formType), httpapi.Status(http.StatusSeeOther), httpapi.With(httpapi.Limits{Body: mostForm}),
		httpapi.Refuses(http.StatusForbidden, http.StatusUnprocessableEntity),
	}
	httpapi.Page(a, "GET", staffRoot, access.Staff(readsBooks), d.booksPage, session, httpapi.ID("staffBooks"), httpapi.Summary("How the books stand, for people"))
	httpapi.Page(a, "POST", staffRoot+"/session", access.Public, d.ownForm(d.signIn),
		append(forms, httpapi.ID("signIn"), httpapi.Summary("Sign in with the name and the password of auth"), httpapi.Refuses(http.StatusUnauthorized, http.StatusTooManyRequests))...)
	httpapi.Page(a, "POST", staffRoot+"/session/end", access.Public, d.ownForm(d.signOut), append(forms, httpapi.ID("signOut"), httpapi.Summary("Sign out"))...)
	httpapi.Page(a, "POST", staffRoot+"/violations/{id}/acceptance", access.Staff(writesBooks), d.accept,
		append(forms, session, httpapi.ID("acceptOnPage"), httpapi.Summary("Say that a violation is known"), httpapi.Refuses(http.StatusNotFound, http.StatusConflict))...)
}

// ownForm refuses forms of other sites. Nobody's cookie is looked at here, but a page of another site must not sign anybody in as
// somebody else, or out.
func (d *desk) ownForm(next http.HandlerFunc) http.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.sorry(w, r, problem.New(problem.Forbidden, "This was sent by a page of another site."))
	}))
	return protection.Handler(next).ServeHTTP
}

// refuse answers what the chain refuses: a browser at the page of staff with a page, all others with a problem.
func (d *desk) refuse(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	at := r.URL.Path
	if (at != staffRoot && !strings.HasPrefix(at, staffRoot+"/")) || !strings.Contains(strings.Join(r.Header["Accept"], ","), "text/html") {
		problem.Write(w, r, p)
		return
	}
	d.sorry(w, r, p)
}

// sorry is the page of a refusal: who is not signed in gets the form for it.
func (d *desk) sorry(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	for name, values := range p.Header() {
		w.Header()[name] = values
	}
	switch {
	case p.Status == http.StatusUnauthorized:
		d.showSignIn(w, r, p.Status, signInView{})
	case p.Status == http.StatusForbidden && p.Type == problem.Forbidden.Type() && sessionOf(r) != "" && r.Method == http.MethodGet:
		d.showSignIn(w, r, p.Status, signInView{Said: "Your account may not read the books: it lacks the scope " + readsBooks + ". Sign in with another one."})
	default:
		d.show(w, r, p.Status, "sorry", view{Title: p.Title, Body: p.Detail})
	}
}

// booksPage shows how the books stand.
func (d *desk) booksPage(w http.ResponseWriter, r *http.Request) {
	d.showBooks(w, r, http.StatusOK, typed{})
}

// typed is what was typed at a violation, and why it was not taken.
type typed struct {
	ID             uuid.UUID
	Reason, Reject string
}

func (d *desk) showBooks(w http.ResponseWriter, r *http.Request, code int, t typed) {
	b, err := d.stand(r.Context())
	if err != nil {
		slog.WarnContext(r.Context(), "reading the books for their page", "error", err)
		d.sorry(w, r, problem.From(r.Context(), err))
		return
	}
	b.Typed = t
	b.Accepts = slices.Contains(access.From(r.Context()).Scopes, writesBooks)
	d.show(w, r, code, "books", view{Title: b.Heading(), Problem: t.Reject != "", SignedIn: true, Body: b})
}

// stand is all that the page says.
func (d *desk) stand(ctx context.Context) (standing, error) {
	out, err := d.api.status(ctx, nil)
	if err != nil {
		return standing{}, err
	}
	found, err := d.api.store.unresolved(ctx, mostShown+1)
	if err != nil {
		return standing{}, err
	}
	b := standing{Status: out.Body, Violations: found[:min(len(found), mostShown)], More: len(found) > mostShown, Now: d.api.now()}
	b.Troubles, b.Unknown, err = d.troubles(ctx, b.Now)
	return b, err
}

// troubles asks checkout itself which checkouts are in trouble: the worker that reads its book may be what does not run. unknown says
// why nobody knows.
func (d *desk) troubles(ctx context.Context, now time.Time) (list []Trouble, unknown string, err error) {
	asking, cancel := context.WithTimeout(ctx, askingOpen)
	defer cancel()
	all, err := d.api.comparer.reader.open(asking)
	var away *unreadable
	if errors.As(err, &away) {
		slog.WarnContext(ctx, "asking which checkouts are open", "error", err)
		return nil, away.why(), nil
	}
	if err != nil {
		return nil, "", err
	}
	list = InTrouble(all, now, d.api.comparer.times.Lag)
	list = list[:min(len(list), mostShown)]
	ids := make([]string, len(list))
	for n, t := range list {
		ids[n] = t.Saga.ID.String()
	}
	known, err := entries(ctx, d.api.store.db, ids)
	for n := range list {
		if err == nil {
			list[n].Case, err = CaseOf(known[ids[n]])
		}
	}
	return list, "", err
}

// open are the checkouts that have not ended, up to a bound.
func (r reader) open(ctx context.Context) (list []Saga, err error) {
	cursor := ""
	for range mostOpen {
		page, err := r.page(ctx, openSagas, cursor)
		if err == nil {
			err = each(page, func(s Saga) { list = append(list, s) })
		}
		if cursor = page.Next; err != nil || cursor == "" {
			return list, err
		}
	}
	return list, nil
}

// accept takes the form of a violation. What the API refuses is said there, with what was typed.
func (d *desk) accept(w http.ResponseWriter, r *http.Request) {
	get, ok := d.fields(w, r)
	if !ok {
		return
	}
	id, err := uuid.Parse(r.PathValue("id"))
	version, bad := strconv.ParseInt(get("version"), 10, 64)
	if err != nil || bad != nil {
		d.sorry(w, r, problem.From(r.Context(), fault.NotFound("violation", r.PathValue("id"))))
		return
	}
	t := typed{ID: id, Reason: strings.TrimSpace(get("reason"))}
	if n := len([]rune(t.Reason)); n < leastReason || n > mostReason {
		t.Reject = "Say in 3 to 500 characters why it is known and need not stop a release."
		d.showBooks(w, r, http.StatusUnprocessableEntity, t)
		return
	}
	_, err = d.api.acceptAt(r.Context(), id, t.Reason, func(f Found) error {
		if f.Version != version {
			return fault.Stale()
		}
		return nil
	})
	switch {
	case err == nil:
		http.Redirect(w, r, staffRoot, http.StatusSeeOther)
	case fault.Is(err, fault.StaleKind) || fault.Is(err, fault.ConflictKind):
		t.Reject = "It changed since you looked at it. Nothing was accepted: look at it again."
		d.showBooks(w, r, http.StatusConflict, t)
	default:
		d.sorry(w, r, problem.From(r.Context(), err))
	}
}

// fields reads a form, whose type and size the chain has checked.
func (d *desk) fields(w http.ResponseWriter, r *http.Request) (get func(string) string, ok bool) {
	if err := r.ParseForm(); err != nil {
		code := http.StatusBadRequest
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			code = http.StatusRequestEntityTooLarge
		}
		d.sorry(w, r, problem.New(problem.Plain(code), "The form cannot be read."))
		return nil, false
	}
	return r.PostForm.Get, true
}
