// Package erasure is how a service forgets a customer, and proves it. customers tells that somebody is to be erased; each service that
// holds personal data erases it and answers, in one commit. customers asks again until all have answered, so to erase what is gone
// already is an answer as well: of nothing.
package erasure

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/outbox"
)

// Erased is what is read of customers.customer.erased.v1.
type Erased struct {
	Customer string `json:"customer"`
}

// Done is the data of customers.erasure.done.v1.
type Done struct {
	Customer string `json:"customer"`
	Service  string `json:"service"`
	// Count is how many things were deleted or made anonymous.
	Count int64 `json:"count"`
}

// Handler forgets whoever is to be erased, and answers in the same commit. service is the name of the service and of its schema.
func Handler(service string, forget func(ctx context.Context, tx pgx.Tx, customer string) (count int64, err error)) func(context.Context, pgx.Tx, events.Event) error {
	return WhenEnded(service, forget, func(context.Context, pgx.Tx, string) (bool, error) { return false, nil })
}

// WhenEnded is the Handler of who holds things that have to end first, as an order whose goods are on their way. forget forgets what has
// ended, underWay tells whether anything is left. While there is, nothing is answered, and customers asks again until everything has ended.
func WhenEnded(service string, forget func(ctx context.Context, tx pgx.Tx, customer string) (count int64, err error), underWay func(ctx context.Context, tx pgx.Tx, customer string) (bool, error)) func(context.Context, pgx.Tx, events.Event) error {
	return func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		var erased Erased
		if err := e.Into(&erased); err != nil {
			return err
		}
		count, err := forget(ctx, tx, erased.Customer)
		if err != nil {
			return err
		}
		if more, err := underWay(ctx, tx, erased.Customer); err != nil || more {
			return err
		}
		return Answer(ctx, tx, service, erased.Customer, count)
	}
}

// Answer says that a service holds nothing of a customer any more.
func Answer(ctx context.Context, tx pgx.Tx, service, customer string, count int64) error {
	e, err := events.New(ctx, service, events.ErasureDone, customer, Done{customer, service, count})
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, service, e)
}
