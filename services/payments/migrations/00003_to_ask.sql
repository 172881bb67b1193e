-- +goose NO TRANSACTION
-- +goose Up
-- Finds the payments without an order for which it is time to ask.
CREATE INDEX CONCURRENTLY IF NOT EXISTS payments_to_ask ON payments.payments (ask_at) WHERE order_id IS NULL AND NOT cancelled;
