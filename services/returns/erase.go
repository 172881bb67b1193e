package returns

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// underWay tells whether a customer has orders that are not ended, or whose goods are on their way back (C39).
func underWay(ctx context.Context, tx pgx.Tx, customer string) (more bool, err error) {
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM returns.orders WHERE customer = $1)`, customer).Scan(&more); err != nil {
		return false, fmt.Errorf("looking for orders that are under way: %w", err)
	}
	return more, nil
}

// forget makes the orders and returns of a customer nobody's that have ended, and says how many orders: lines and amounts stay, as the law asks.
// The receipt names nobody, so it stays as it was given.
func forget(ctx context.Context, tx pgx.Tx, customer string) (int64, error) {
	const ended = `SELECT o.id FROM returns.orders o WHERE o.customer = $1 AND (o.cancelled OR o.completed_at IS NOT NULL)
		AND NOT EXISTS (SELECT FROM returns.returns r WHERE r.order_id = o.id AND r.state IN ('announced', 'confirmed'))`
	if _, err := tx.Exec(ctx, `UPDATE returns.returns SET reason = '' WHERE reason <> '' AND order_id IN (`+ended+`)`, customer); err != nil {
		return 0, fmt.Errorf("forgetting why something was returned: %w", err)
	}
	tag, err := tx.Exec(ctx, `UPDATE returns.orders SET customer = '', token_hash = NULL WHERE id IN (`+ended+`)`, customer)
	if err != nil {
		return 0, fmt.Errorf("forgetting whose orders they were: %w", err)
	}
	return tag.RowsAffected(), nil
}
