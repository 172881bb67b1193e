package orders

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
)

// nobody is where the goods of a customer went that was erased: an address that the API can show, without anything of theirs. Its country
// stays, since the tax depends on it.
var nobody = Address{Name: "erased", Street: "erased", City: "erased"}

// erased forgets whose orders they were (C39): lines, amounts and tax stay, as the law asks. While an order is under way its goods have to
// find their way, so who was told answers nothing yet; customers asks again until every order has ended.
func (s *store) erased(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var who erasure.Erased
	if err := e.Into(&who); err != nil {
		return err
	}
	count, err := forget(ctx, tx, who.Customer)
	if err != nil {
		return err
	}
	var underWay bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM orders.orders WHERE customer = $1)`, who.Customer).Scan(&underWay); err != nil {
		return fmt.Errorf("looking for orders that are under way: %w", err)
	}
	if underWay {
		return nil
	}
	return erasure.Answer(ctx, tx, "orders", who.Customer, count)
}

// forget makes the orders of a customer nobody's that have ended, and says how many.
func forget(ctx context.Context, tx pgx.Tx, customer string) (int64, error) {
	blank, err := json.Marshal(nobody)
	if err != nil {
		return 0, fmt.Errorf("writing an address: %w", err)
	}
	tag, err := tx.Exec(ctx, `UPDATE orders.orders SET customer = NULL, email = '', address = $2::jsonb || jsonb_build_object('country', address->'country'),
		version = version + 1, changed_at = clock_timestamp() WHERE customer = $1 AND state IN ('completed', 'cancelled')`, customer, blank)
	if err != nil {
		return 0, fmt.Errorf("forgetting whose orders they were: %w", err)
	}
	return tag.RowsAffected(), nil
}
