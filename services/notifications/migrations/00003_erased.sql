-- +goose Up
-- Whose an order is, and whether it has ended: then its customer can be forgotten. NULL for guests, and for orders of before.
ALTER TABLE notifications.orders ADD COLUMN IF NOT EXISTS customer text;
ALTER TABLE notifications.orders ADD COLUMN IF NOT EXISTS ended boolean NOT NULL DEFAULT false;
