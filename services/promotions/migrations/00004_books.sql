-- +goose NO TRANSACTION
-- +goose Up
-- When a row was written last, whoever wrote it: the books read what changed since they looked (services/internal/changes).
ALTER TABLE promotions.redemptions ADD COLUMN IF NOT EXISTS booked_at timestamptz NOT NULL DEFAULT now();
-- Not that of the transaction: what it writes late must not look old.
ALTER TABLE promotions.redemptions ALTER COLUMN booked_at SET DEFAULT clock_timestamp();

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION promotions.booked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.booked_at := clock_timestamp();
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE OR REPLACE TRIGGER booked BEFORE UPDATE ON promotions.redemptions FOR EACH ROW EXECUTE FUNCTION promotions.booked();

CREATE INDEX CONCURRENTLY IF NOT EXISTS redemptions_booked ON promotions.redemptions (booked_at, id);

-- How often a coupon was redeemed.
CREATE INDEX CONCURRENTLY IF NOT EXISTS redeemed_code ON promotions.redeemed (code);
