package promotions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/money"
)

// reserve takes coupons for a checkout, all of them or none. Each use is counted by
// the statement that checks it: of fifty at once, a coupon for one goes to one.
func reserve(ctx context.Context, tx pgx.Tx, r Redemption, b Buyer, now time.Time) error {
	tag, err := tx.Exec(ctx, `INSERT INTO promotions.redemptions (id, saga, state, customers) VALUES ($1, $2, $3, $4) ON CONFLICT (saga) DO NOTHING`,
		r.ID, r.Saga, r.State, r.Customers)
	if err != nil {
		return fmt.Errorf("noting a redemption: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Conflict(fault.ConflictKind, "This checkout redeemed its coupons before, by another key.")
	}
	for _, c := range r.sorted() {
		if err := take(ctx, tx, c, r.Customers, b, now, slices.Index(r.Coupons, c)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO promotions.redeemed (redemption, code, amount_minor, currency) VALUES ($1, $2, $3, $4)`,
			r.ID, c.Code, c.Amount.Minor(), c.Amount.Currency()); err != nil {
			return fmt.Errorf("noting a redeemed coupon: %w", err)
		}
	}
	return nil
}

// sorted are the coupons in the order in which everybody locks them.
func (r Redemption) sorted() []Redeemed {
	return slices.SortedFunc(slices.Values(r.Coupons), func(x, y Redeemed) int { return strings.Compare(x.Code, y.Code) })
}

func take(ctx context.Context, tx pgx.Tx, c Redeemed, customers []string, b Buyer, now time.Time, n int) error {
	var each *int64
	err := tx.QueryRow(ctx, `UPDATE promotions.coupons SET used = used + 1, version = version + 1
		WHERE code = $1 AND (uses IS NULL OR used < uses) AND valid_from <= $2 AND (valid_until IS NULL OR valid_until > $2) AND customer IN ('', $3)
		RETURNING per_customer`, c.Code, now, b.Customer).Scan(&each)
	if errors.Is(err, pgx.ErrNoRows) {
		return gone(n)
	}
	if err != nil {
		return fmt.Errorf("taking a coupon: %w", err)
	}
	if each != nil && len(customers) == 0 {
		return fault.Invalid("#/email", "Who redeems it must be known: it is for so many orders of each customer.")
	}
	for _, customer := range slices.Sorted(slices.Values(customers)) {
		tag, err := tx.Exec(ctx, `INSERT INTO promotions.customer_uses (code, customer, used) VALUES ($1, $2, 1)
			ON CONFLICT (code, customer) DO UPDATE SET used = customer_uses.used + 1 WHERE $3::bigint IS NULL OR customer_uses.used < $3`, c.Code, customer, each)
		if err != nil {
			return fmt.Errorf("counting a customer's coupon: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return gone(n)
		}
	}
	return nil
}

// gone says that a coupon is not to be had any more; not why: see C42.
func gone(n int) error {
	return fault.Conflict(fault.ConflictKind, "A coupon cannot be redeemed any more. Ask for a new quote.").And(fmt.Sprintf("#/coupons/%d", n), "It is not valid any more.")
}

// giveBack undoes the count of reserve.
func giveBack(ctx context.Context, tx pgx.Tx, r Redemption) error {
	for _, c := range r.sorted() {
		if _, err := tx.Exec(ctx, `UPDATE promotions.coupons SET used = used - 1, version = version + 1 WHERE code = $1`, c.Code); err != nil {
			return fmt.Errorf("giving a coupon back: %w", err)
		}
		if _, err := tx.Exec(ctx, `UPDATE promotions.customer_uses SET used = used - 1 WHERE code = $1 AND customer = ANY($2)`, c.Code, r.Customers); err != nil {
			return fmt.Errorf("giving a customer's coupon back: %w", err)
		}
	}
	return nil
}

// change does what a rule says to a redemption, which is locked meanwhile, and gives
// the coupons back where they do not count any more.
func change(ctx context.Context, tx pgx.Tx, before Redemption, rule func(Redemption) (Redemption, error)) (Redemption, error) {
	after, err := rule(before)
	if err != nil || after.State == before.State {
		return after, err
	}
	if _, err := tx.Exec(ctx, `UPDATE promotions.redemptions SET state = $2, order_id = $3 WHERE id = $1`, after.ID, after.State, after.Order); err != nil {
		return Redemption{}, fmt.Errorf("changing a redemption: %w", err)
	}
	if before.State.counts() && !after.State.counts() {
		return after, giveBack(ctx, tx, after)
	}
	return after, nil
}

// commit says which order a redemption was for; where that was cancelled before, the
// coupons go back.
func commit(ctx context.Context, tx pgx.Tx, r Redemption, order uuid.UUID) (Redemption, error) {
	after, err := change(ctx, tx, r, func(r Redemption) (Redemption, error) { return r.Commit(order) })
	if err != nil {
		return Redemption{}, err
	}
	if r.State == Reserved {
		if err := tell(ctx, tx, after, order); err != nil {
			return Redemption{}, err
		}
	}
	tag, err := tx.Exec(ctx, `DELETE FROM promotions.cancelled WHERE order_id = $1`, order)
	if err != nil {
		return Redemption{}, fmt.Errorf("looking for a cancelled order: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return after, nil
	}
	return change(ctx, tx, after, func(r Redemption) (Redemption, error) { return r.Cancel(), nil })
}

// cancel gives the coupons of an order back, once.
func cancel(ctx context.Context, tx pgx.Tx, order uuid.UUID) error {
	r, err := locked(ctx, tx, `order_id = $1`, order)
	if fault.Is(err, fault.NotFoundKind) {
		if _, err := tx.Exec(ctx, `INSERT INTO promotions.cancelled (order_id) VALUES ($1) ON CONFLICT DO NOTHING`, order); err != nil {
			return fmt.Errorf("noting a cancelled order: %w", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	_, err = change(ctx, tx, r, func(r Redemption) (Redemption, error) { return r.Cancel(), nil })
	return err
}

// redemption reads what became of one.
func (s *store) redemption(ctx context.Context, id uuid.UUID) (r Redemption, err error) {
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		r, err = locked(ctx, tx, `id = $1`, id)
		return err
	})
	return r, err
}

// locked reads a redemption, and keeps others from changing it until the transaction ends.
func locked(ctx context.Context, tx pgx.Tx, where string, id uuid.UUID) (r Redemption, err error) {
	err = tx.QueryRow(ctx, `SELECT id, saga, state, order_id, customers FROM promotions.redemptions WHERE `+where+` FOR UPDATE`, id).
		Scan(&r.ID, &r.Saga, &r.State, &r.Order, &r.Customers)
	if errors.Is(err, pgx.ErrNoRows) {
		return Redemption{}, fault.NotFound("redemption", id.String())
	}
	if err != nil {
		return Redemption{}, fmt.Errorf("reading a redemption: %w", err)
	}
	rows, err := tx.Query(ctx, `SELECT code, amount_minor, currency FROM promotions.redeemed WHERE redemption = $1 ORDER BY code`, r.ID)
	if err != nil {
		return Redemption{}, fmt.Errorf("reading redeemed coupons: %w", err)
	}
	var code, currency string
	var minor int64
	_, err = pgx.ForEachRow(rows, []any{&code, &minor, &currency}, func() error {
		r.Coupons = append(r.Coupons, Redeemed{code, money.New(minor, currency)})
		return nil
	})
	if err != nil {
		return Redemption{}, fmt.Errorf("reading redeemed coupons: %w", err)
	}
	return r, nil
}
