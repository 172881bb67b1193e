-- +goose NO TRANSACTION
-- +goose Up
-- Finds the coupons without an order for which it is time to ask.
CREATE INDEX CONCURRENTLY IF NOT EXISTS redemptions_to_ask ON promotions.redemptions (ask_at) WHERE state = 'reserved';
