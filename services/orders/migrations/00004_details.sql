-- +goose Up
-- What else checkout told of an order: how it is sent, shipping by rate of tax, why nothing is taxed, a business's VAT number. See details.go.
ALTER TABLE orders.orders ADD COLUMN IF NOT EXISTS details jsonb;
-- The rate of a line's tax; NULL of orders of before.
ALTER TABLE orders.lines ADD COLUMN IF NOT EXISTS rate text;
