-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_customer ON notifications.orders (customer) WHERE customer IS NOT NULL;
