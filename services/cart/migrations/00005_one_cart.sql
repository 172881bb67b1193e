-- +goose NO TRANSACTION
-- +goose Up
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS carts_customer ON cart.carts (customer) WHERE customer IS NOT NULL;
