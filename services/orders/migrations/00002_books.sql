-- +goose NO TRANSACTION
-- +goose Up
-- When a row was written last, whoever wrote it: the books read what changed since they looked (services/internal/changes).
ALTER TABLE orders.orders ADD COLUMN IF NOT EXISTS booked_at timestamptz NOT NULL DEFAULT now();
-- Not that of the transaction: what it writes late must not look old.
ALTER TABLE orders.orders ALTER COLUMN booked_at SET DEFAULT clock_timestamp();

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION orders.booked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.booked_at := clock_timestamp();
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE OR REPLACE TRIGGER booked BEFORE UPDATE ON orders.orders FOR EACH ROW EXECUTE FUNCTION orders.booked();

CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_booked ON orders.orders (booked_at, id);
