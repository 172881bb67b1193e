package orders

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// nobody is where the goods of a customer went that was erased: an address that the API can show, without anything of theirs. Its country
// stays, since the tax depends on it.
var nobody = Address{Name: "erased", Street: "erased", City: "erased"}

// underWay tells whether a customer has an order whose goods still have to find their way (C39). What has ended is nobody's by then: lines,
// amounts and tax stay, as the law asks.
func underWay(ctx context.Context, tx pgx.Tx, customer string) (more bool, err error) {
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM orders.orders WHERE customer = $1)`, customer).Scan(&more); err != nil {
		return false, fmt.Errorf("looking for orders that are under way: %w", err)
	}
	return more, nil
}

// forget makes the orders of a customer nobody's that have ended, and says how many.
func forget(ctx context.Context, tx pgx.Tx, customer string) (int64, error) {
	blank, err := json.Marshal(nobody)
	if err != nil {
		return 0, fmt.Errorf("writing an address: %w", err)
	}
	tag, err := tx.Exec(ctx, `UPDATE orders.orders SET customer = NULL, email = '', address = $2::jsonb || jsonb_build_object('country', address->'country'), details = details - 'vatNumber',
		version = version + 1, changed_at = clock_timestamp() WHERE customer = $1 AND state IN ('completed', 'cancelled')`, customer, blank)
	if err != nil {
		return 0, fmt.Errorf("forgetting whose orders they were: %w", err)
	}
	return tag.RowsAffected(), nil
}
