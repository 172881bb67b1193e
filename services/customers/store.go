package customers

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// store is the SQL.
type store struct {
	db *postgres.DB
	// holders are the services that answer an erasure, beside this one.
	holders []string
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// mine gives a transaction to a customer alone: nobody else writes of him until it ends. Of one who was erased there is nothing, and
// nothing may be made.
func mine(ctx context.Context, tx pgx.Tx, customer string) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('customers/' || $1, 0))`, customer); err != nil {
		return fmt.Errorf("waiting for who writes of the same customer: %w", err)
	}
	return there(ctx, tx, customer)
}

func there(ctx context.Context, in querier, customer string) error {
	var erased bool
	if err := in.QueryRow(ctx, `SELECT EXISTS (SELECT FROM customers.erasures WHERE customer = $1)`, customer).Scan(&erased); err != nil {
		return fmt.Errorf("looking whether a customer was erased: %w", err)
	}
	if erased {
		return fault.NotFound("customer", customer)
	}
	return nil
}

const profileColumns = `id, email, email_key, name, phone, locale, version`

func scanProfile(row pgx.CollectableRow) (p Profile, err error) {
	return p, row.Scan(&p.Customer, &p.Email.Spelled, &p.Email.Key, &p.Name, &p.Phone, &p.Locale, &p.Version)
}

// profile is what a customer said; of one who has said nothing it is empty, of version 0.
func profile(ctx context.Context, in querier, customer string) (Profile, error) {
	list, err := profiles(ctx, in, `WHERE id = $1`, customer)
	if err != nil || len(list) == 1 {
		return append(list, Profile{})[0], err
	}
	return Profile{Customer: customer}, there(ctx, in, customer)
}

func profiles(ctx context.Context, in querier, where string, args ...any) ([]Profile, error) {
	rows, err := in.Query(ctx, `SELECT `+profileColumns+` FROM customers.customers `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading profiles: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanProfile)
	if err != nil {
		return nil, fmt.Errorf("reading profiles: %w", err)
	}
	return list, nil
}

// byMail finds customers for staff, after one in the order of their ids; no key is everybody.
func (s *store) byMail(ctx context.Context, key, after string, limit int) ([]Profile, error) {
	return profiles(ctx, s.db, `WHERE ($1 = '' OR email_key = $1) AND id > $2 ORDER BY id LIMIT $3`, key, after, limit)
}

// save writes a profile over the version that it was read at. The first one is told to others.
func (s *store) save(ctx context.Context, before, after Profile) error {
	return postgres.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := mine(ctx, tx, before.Customer); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO customers.customers AS c (`+profileColumns+`) SELECT $1, $2, $3, $4, $5, $6, $7
			WHERE $8 = 0 OR EXISTS (SELECT FROM customers.customers WHERE id = $1)
			ON CONFLICT (id) DO UPDATE SET email = excluded.email, email_key = excluded.email_key, name = excluded.name, phone = excluded.phone,
				locale = excluded.locale, version = excluded.version, changed_at = now() WHERE c.version = $8`,
			after.Customer, after.Email.Spelled, after.Email.Key, after.Name, after.Phone, after.Locale, after.Version, before.Version)
		switch {
		case err != nil:
			return fmt.Errorf("writing a profile: %w", err)
		case tag.RowsAffected() == 0:
			return fault.Stale()
		case before.Version > 0:
			return nil
		}
		return tell(ctx, tx, events.CustomerRegistered, after.Customer)
	})
}

// tell tells of a customer, and nothing but that there is one.
func tell(ctx context.Context, tx pgx.Tx, what events.Type, customer string) error {
	e, err := events.New(ctx, own, what, customer, told{customer})
	if err != nil {
		return err
	}
	return outbox.Put(ctx, tx, own, e)
}

const addressColumns = `id, name, street, postcode, city, country, phone, version`

func scanAddress(row pgx.CollectableRow) (a Address, err error) {
	return a, row.Scan(&a.ID, &a.Name, &a.Street, &a.Postcode, &a.City, &a.Country, &a.Phone, &a.Version)
}

// addresses lists a customer's, after one, in the order in which they were made; the zero id is before all of them.
func (s *store) addresses(ctx context.Context, customer string, after uuid.UUID, limit int) ([]Address, error) {
	rows, err := s.db.Query(ctx, `SELECT `+addressColumns+` FROM customers.addresses WHERE customer = $1 AND id > $2 ORDER BY id LIMIT $3`, customer, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing addresses: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanAddress)
	if err != nil {
		return nil, fmt.Errorf("listing addresses: %w", err)
	}
	return list, nil
}

// address is a customer's own; that of somebody else is not there.
func (s *store) address(ctx context.Context, customer string, id uuid.UUID) (Address, error) {
	rows, err := s.db.Query(ctx, `SELECT `+addressColumns+` FROM customers.addresses WHERE customer = $1 AND id = $2`, customer, id)
	if err != nil {
		return Address{}, fmt.Errorf("reading an address: %w", err)
	}
	a, err := pgx.CollectExactlyOneRow(rows, scanAddress)
	if errors.Is(err, pgx.ErrNoRows) {
		return Address{}, fault.NotFound("address", id.String())
	}
	if err != nil {
		return Address{}, fmt.Errorf("reading an address: %w", err)
	}
	return a, nil
}

func addAddress(ctx context.Context, tx pgx.Tx, customer string, a Address) error {
	if err := mine(ctx, tx, customer); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `INSERT INTO customers.addresses (customer, `+addressColumns+`) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
		WHERE (SELECT count(*) FROM customers.addresses WHERE customer = $1) < $10`,
		customer, a.ID, a.Name, a.Street, a.Postcode, a.City, a.Country, a.Phone, a.Version, mostAddresses)
	if err != nil {
		return fmt.Errorf("adding an address: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return full()
	}
	return nil
}

// saveAddress writes an address over the version that it was read at.
func (s *store) saveAddress(ctx context.Context, customer string, before, after Address) error {
	return s.changed(ctx, `UPDATE customers.addresses SET name = $4, street = $5, postcode = $6, city = $7, country = $8, phone = $9, version = $10
		WHERE customer = $1 AND id = $2 AND version = $3`,
		customer, before.ID, before.Version, after.Name, after.Street, after.Postcode, after.City, after.Country, after.Phone, after.Version)
}

func (s *store) removeAddress(ctx context.Context, customer string, a Address) error {
	return s.changed(ctx, `DELETE FROM customers.addresses WHERE customer = $1 AND id = $2 AND version = $3`, customer, a.ID, a.Version)
}

func (s *store) changed(ctx context.Context, statement string, args ...any) error {
	tag, err := s.db.Exec(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("changing an address: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.Stale()
	}
	return nil
}

func addConsent(ctx context.Context, tx pgx.Tx, customer string, c Consent) error {
	if err := mine(ctx, tx, customer); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO customers.consents (id, customer, purpose, text_version, granted, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.ID, customer, c.Purpose, c.TextVersion, c.Granted, c.At)
	if err != nil {
		return fmt.Errorf("noting a consent: %w", err)
	}
	return nil
}

// consents lists a customer's after one, in the order in which they were given.
func (s *store) consents(ctx context.Context, customer string, after uuid.UUID, limit int) ([]Consent, error) {
	return collectConsents(ctx, s.db, `customer = $1 AND id > $2 ORDER BY id LIMIT $3`, customer, after, limit)
}

func (s *store) consent(ctx context.Context, customer string, id uuid.UUID) (Consent, error) {
	list, err := collectConsents(ctx, s.db, `customer = $1 AND id = $2`, customer, id)
	if err == nil && len(list) == 0 {
		err = fault.NotFound("consent", id.String())
	}
	return append(list, Consent{})[0], err
}

func collectConsents(ctx context.Context, in querier, where string, args ...any) ([]Consent, error) {
	rows, err := in.Query(ctx, `SELECT id, purpose, text_version, granted, at FROM customers.consents WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading consents: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Consent, err error) {
		err = row.Scan(&c.ID, &c.Purpose, &c.TextVersion, &c.Granted, &c.At)
		c.At = c.At.UTC()
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading consents: %w", err)
	}
	return list, nil
}
