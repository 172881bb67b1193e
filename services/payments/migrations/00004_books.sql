-- +goose NO TRANSACTION
-- +goose Up
-- When a row was written last, whoever wrote it: the books read what changed since they looked (services/internal/changes).
ALTER TABLE payments.payments ADD COLUMN IF NOT EXISTS booked_at timestamptz NOT NULL DEFAULT now();
-- Not that of the transaction: what it writes late must not look old.
ALTER TABLE payments.payments ALTER COLUMN booked_at SET DEFAULT clock_timestamp();

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION payments.booked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.booked_at := clock_timestamp();
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE OR REPLACE TRIGGER booked BEFORE UPDATE ON payments.payments FOR EACH ROW EXECUTE FUNCTION payments.booked();

CREATE INDEX CONCURRENTLY IF NOT EXISTS payments_booked ON payments.payments (booked_at, id);
