-- +goose NO TRANSACTION
-- +goose Up
-- Finds the carts that nobody changed for long.
-- The table requests is not written any more: the keys are in idempotency_keys. It
-- goes when no release is left that writes it.
CREATE INDEX CONCURRENTLY IF NOT EXISTS carts_changed ON cart.carts (changed_at);
