package books

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// Book is one that is read from mark to mark.
type Book string

// The books.
const (
	Orders      Book = "orders"
	Payments    Book = "payments"
	Charges     Book = "charges"
	Holds       Book = "holds"
	Redemptions Book = "redemptions"
	Mails       Book = "mails"
	Sagas       Book = "sagas"
)

// Entry is one fact of a book, as its owner told it.
type Entry struct {
	Book Book
	ID   string
	// Subject is what it is compared with: the saga, or the entry itself where none is known.
	Subject string
	Fact    json.RawMessage
}

// EntryOf reads of a fact what it is and where it belongs.
func EntryOf(b Book, fact json.RawMessage) (Entry, error) {
	var key struct {
		Order, Payment, Authorization, ID, Mail, Saga, Reference string
	}
	if err := json.Unmarshal(fact, &key); err != nil {
		return Entry{}, fmt.Errorf("reading an entry of %s: %w", b, err)
	}
	e := Entry{Book: b, Subject: key.Saga, Fact: fact}
	switch b {
	case Orders:
		e.ID = key.Order
	case Payments:
		e.ID = key.Payment
	case Charges:
		// The reference is the shop's own: of the saga and the step.
		e.ID = key.Authorization
		e.Subject, _, _ = strings.Cut(key.Reference, ":")
	case Mails:
		e.ID = key.Mail
	case Sagas:
		e.ID = key.Saga
	case Holds, Redemptions:
		e.ID = key.ID
	}
	if e.ID == "" {
		return Entry{}, fmt.Errorf("an entry of %s names nothing", b)
	}
	if uuid.Validate(e.Subject) != nil {
		e.Subject = e.ID
	}
	return e, nil
}

// add puts an entry into a case.
func (c *Case) add(e Entry) error {
	var err error
	switch e.Book {
	case Orders:
		c.Orders, err = with(c.Orders, e.Fact)
	case Payments:
		c.Payments, err = with(c.Payments, e.Fact)
	case Charges:
		c.Charges, err = with(c.Charges, e.Fact)
	case Holds:
		c.Holds, err = with(c.Holds, e.Fact)
	case Redemptions:
		c.Redemptions, err = with(c.Redemptions, e.Fact)
	case Mails:
		c.Mails, err = with(c.Mails, e.Fact)
	case Sagas:
		c.Sagas, err = with(c.Sagas, e.Fact)
	}
	if err != nil {
		return fmt.Errorf("reading an entry of %s: %w", e.Book, err)
	}
	return nil
}

func with[T any](list []T, fact json.RawMessage) ([]T, error) {
	var one T
	err := json.Unmarshal(fact, &one)
	return append(list, one), err
}

// CaseOf puts entries of one subject together.
func CaseOf(entries []Entry) (c Case, err error) {
	for _, e := range entries {
		if err := c.add(e); err != nil {
			return Case{}, err
		}
	}
	return c, nil
}
