package invoicing

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Number is the number of a document as people read it: 2026-000123, and CN-2026-000007 of a credit note.
func Number(kind Kind, year, n int) string {
	if kind == CreditNote {
		return fmt.Sprintf("CN-%04d-%06d", year, n)
	}
	return fmt.Sprintf("%04d-%06d", year, n)
}

// queue lets those wait for each other who issue documents of one kind, until the one before has committed or given up. Whoever is
// in it sees the last number that there is, so none is left out, and none drawn twice. The instant of issue is read in the queue:
// a later number never has an earlier day.
func queue(ctx context.Context, tx pgx.Tx, kind Kind) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('invoicing/series/' || $1, 0))`, string(kind)); err != nil {
		return fmt.Errorf("waiting for the next number: %w", err)
	}
	return nil
}

// draw takes the next number of a kind and a year for a document, in its transaction: where that is rolled back, the number is
// as if it had never been drawn, and the next document has it.
func draw(ctx context.Context, tx pgx.Tx, kind Kind, year int, document uuid.UUID) (n int, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO invoicing.numbers (series, year, number, document)
		SELECT $1, $2, coalesce(max(number), 0) + 1, $3 FROM invoicing.numbers WHERE series = $1 AND year = $2 RETURNING number`, kind, year, document).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("drawing a number: %w", err)
	}
	return n, nil
}
