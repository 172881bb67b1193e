package books

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// source is where a book is read.
type source struct {
	book Book
	// owner is the service, path the list.
	owner, path string
}

// sources are the books that are read from mark to mark. What a checkout did first
// is read last: who is in one of the first books is in the later ones, too.
var sources = []source{
	{Mails, "notifications", "/internal/notifications/books"},
	{Sagas, "checkout", "/internal/checkout/books"},
	{Orders, "orders", "/internal/orders/books"},
	{Payments, "payments", "/internal/payments/books"},
	{Charges, "psp-fake", "/internal/psp/ledger"},
	{Redemptions, "promotions", "/internal/promotions/books/redemptions"},
	{Holds, "inventory", "/internal/inventory/books/holds"},
}

// Lists that are read whole each time: they are short, or as long as the range of goods.
var (
	openSagas = source{Sagas, "checkout", "/internal/checkout/books/open"}
	products  = source{"", "inventory", "/internal/inventory/books"}
	couponUse = source{"", "promotions", "/internal/promotions/books/coupons"}
)

// owners are all services that books are read of.
func owners() (list []string) {
	for _, s := range sources {
		list = append(list, s.owner)
	}
	slices.Sort(list)
	return list
}

// pageSize is how many entries are read at a time.
const pageSize = 100

// piece is a page of any list.
type piece struct {
	Items []json.RawMessage `json:"items"`
	Next  string            `json:"next,omitempty"`
	Since string            `json:"since,omitempty"`
}

// reader reads the owners' books.
type reader struct{ clients map[string]*client.Client }

// page reads one page after a cursor.
func (r reader) page(ctx context.Context, s source, cursor string) (piece, error) {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	p, _, err := client.Call[piece](ctx, r.clients[s.owner], client.Request{Path: s.path, Query: q})
	if err != nil {
		return p, &unreadable{s.owner, err}
	}
	return p, nil
}

// unreadable says that a service did not show its books.
type unreadable struct {
	service string
	cause   error
}

func (u *unreadable) Error() string { return u.cause.Error() }

func (u *unreadable) Unwrap() error { return u.cause }

// why is a part of a sentence for people: which service, and what it did.
func (u *unreadable) why() string {
	if status := client.Status(u.cause); status != 0 {
		return fmt.Sprintf("%s (answers %d)", u.service, status)
	}
	return u.service + " (does not answer)"
}

// entries are the entries of a page.
func (p piece) entries(b Book) ([]Entry, error) {
	list := make([]Entry, len(p.Items))
	for n, item := range p.Items {
		var err error
		if list[n], err = EntryOf(b, item); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// whole walks a list from its beginning to its end.
func (r reader) whole(ctx context.Context, s source, each func(piece) error) error {
	for cursor := ""; ; {
		p, err := r.page(ctx, s, cursor)
		if err == nil {
			err = each(p)
		}
		if err != nil || p.Next == "" {
			return err
		}
		cursor = p.Next
	}
}

// each decodes the items of a page.
func each[T any](p piece, do func(T)) error {
	for _, item := range p.Items {
		var one T
		if err := json.Unmarshal(item, &one); err != nil {
			return err
		}
		do(one)
	}
	return nil
}
