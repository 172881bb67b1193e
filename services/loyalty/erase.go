package loyalty

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Of an erased customer nothing stays that says who had what (C39): points, account and their history go; orders and holds are those of
// a guest, so nothing comes back to anybody. Gift cards have no owner: whoever has the code has the money.

// lockCustomer keeps an erasure and what would name its customer from happening at once, for then neither would see the other.
func lockCustomer(ctx context.Context, tx pgx.Tx, customer string) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('loyalty/customer/' || $1::text, 0))`, customer); err != nil {
		return fmt.Errorf("locking a customer: %w", err)
	}
	return nil
}

// unlessErased is the customer, or nobody where that one was erased. Events of two subjects come in any order.
func unlessErased(ctx context.Context, tx pgx.Tx, customer string) (string, error) {
	if customer == "" {
		return "", nil
	}
	if err := lockCustomer(ctx, tx, customer); err != nil {
		return "", err
	}
	var gone bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM loyalty.erased WHERE customer_hash = $1)`, erasedHash(customer)).Scan(&gone); err != nil {
		return "", fmt.Errorf("looking for an erasure: %w", err)
	}
	if gone {
		return "", nil
	}
	return customer, nil
}

func erasedHash(customer string) []byte {
	sum := sha256.Sum256([]byte(customer))
	return sum[:]
}

// spends tells whether a checkout is under way that holds points of a customer: whether they are spent is decided by what becomes of it.
func spends(ctx context.Context, tx pgx.Tx, customer string) (more bool, err error) {
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM loyalty.holds WHERE customer = $1 AND state = 'reserved' AND points > 0)`, customer).Scan(&more); err != nil {
		return false, fmt.Errorf("looking for checkouts that are under way: %w", err)
	}
	return more, nil
}

// forget takes a customer out of whatever has ended. It says how many rows there were.
func forget(ctx context.Context, tx pgx.Tx, customer string) (count int64, err error) {
	if err := lockCustomer(ctx, tx, customer); err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO loyalty.erased (customer_hash) VALUES ($1) ON CONFLICT DO NOTHING`, erasedHash(customer)); err != nil {
		return 0, fmt.Errorf("noting an erasure: %w", err)
	}
	// Orders, holds, accounts: the order in which everybody locks.
	for _, sql := range []string{
		`UPDATE loyalty.orders SET customer = '' WHERE customer = $1`,
		`UPDATE loyalty.holds SET customer = '', points = 0 WHERE customer = $1 AND (state <> 'reserved' OR points = 0)`,
	} {
		n, err := erases(ctx, tx, sql, customer)
		if err != nil {
			return 0, err
		}
		count += n
	}
	n, err := forgetPoints(ctx, tx, customer)
	return count + n, err
}

// forgetPoints closes the account, unless a checkout holds points of it: nothing is taken from under that.
func forgetPoints(ctx context.Context, tx pgx.Tx, customer string) (int64, error) {
	if err := lockAccounts(ctx, tx, customer); err != nil {
		return 0, err
	}
	if more, err := spends(ctx, tx, customer); err != nil || more {
		return 0, err
	}
	n, err := erases(ctx, tx, `DELETE FROM loyalty.points WHERE customer = $1`, customer)
	if err != nil {
		return 0, err
	}
	_, err = erases(ctx, tx, `DELETE FROM loyalty.accounts WHERE customer = $1`, customer)
	return n, err
}

func erases(ctx context.Context, tx pgx.Tx, sql, customer string) (int64, error) {
	tag, err := tx.Exec(ctx, sql, customer)
	if err != nil {
		return 0, fmt.Errorf("forgetting a customer: %w", err)
	}
	return tag.RowsAffected(), nil
}
