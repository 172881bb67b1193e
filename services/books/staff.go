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
	"github.com/emporium-shop/emporium/services/internal/desk"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// The page of staff, for who has a browser and no curl. It says what the API says, and takes the same tokens.

const (
	// staffRoot is another path that the shop gives to this service: shop/service.yaml.
	staffRoot = "/staff/books"
	// readsBooks and writesBooks are the scopes of staff.
	readsBooks, writesBooks = "books:read", "books:write"
	// askingOpen bounds how long checkout may take to say which checkouts are open, mostOpen how many pages of them are read.
	askingOpen, mostOpen = 2 * time.Second, 10
)

// counter is the desk of the books.
type counter struct {
	*desk.Desk
	api *api
}

func newCounter(a *api, shop string, auth *client.Client) *counter {
	return &counter{&desk.Desk{Root: staffRoot, Name: "the books", Scope: readsBooks, Sees: "read the books", Auth: auth, Shop: shop, Now: a.now, Pages: pages}, a}
}

func (d *counter) routes(a *httpapi.API) {
	d.Routes(a)
	httpapi.Page(a, "GET", staffRoot, access.Staff(readsBooks), d.booksPage, desk.Session(), httpapi.ID("staffBooks"), httpapi.Summary("How the books stand, for people"))
	httpapi.Page(a, "POST", staffRoot+"/violations/{id}/acceptance", access.Staff(writesBooks), d.accept,
		append(desk.Forms(), desk.Session(), httpapi.ID("acceptOnPage"), httpapi.Summary("Say that a violation is known"), httpapi.Refuses(http.StatusNotFound, http.StatusConflict))...)
}

// booksPage shows how the books stand.
func (d *counter) booksPage(w http.ResponseWriter, r *http.Request) {
	d.showBooks(w, r, http.StatusOK, typed{})
}

// typed is what was typed at a violation, and why it was not taken.
type typed struct {
	ID             uuid.UUID
	Reason, Reject string
}

func (d *counter) showBooks(w http.ResponseWriter, r *http.Request, code int, t typed) {
	b, err := d.stand(r.Context())
	if err != nil {
		slog.WarnContext(r.Context(), "reading the books for their page", "error", err)
		d.Sorry(w, r, problem.From(r.Context(), err))
		return
	}
	b.Typed = t
	b.Accepts = slices.Contains(access.From(r.Context()).Scopes, writesBooks)
	d.Show(w, r, code, "books", desk.View{Title: b.Heading(), Problem: t.Reject != "", SignedIn: true, Body: b})
}

// stand is all that the page says.
func (d *counter) stand(ctx context.Context) (standing, error) {
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
func (d *counter) troubles(ctx context.Context, now time.Time) (list []Trouble, unknown string, err error) {
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
func (d *counter) accept(w http.ResponseWriter, r *http.Request) {
	get, ok := d.Fields(w, r)
	if !ok {
		return
	}
	id, err := uuid.Parse(r.PathValue("id"))
	version, bad := strconv.ParseInt(get("version"), 10, 64)
	if err != nil || bad != nil {
		d.Sorry(w, r, problem.From(r.Context(), fault.NotFound("violation", r.PathValue("id"))))
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
		d.Sorry(w, r, problem.From(r.Context(), err))
	}
}
