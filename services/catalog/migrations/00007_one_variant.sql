-- +goose NO TRANSACTION
-- +goose Up
-- A GTIN is one number, with or without zeros before it. What has none, and what is no variant, is null and equals nothing.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS products_gtin ON catalog.products (lpad(gtin, 14, '0'));
-- Of a group's variants no two are the same.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS products_variant ON catalog.products (variant_of, options);
