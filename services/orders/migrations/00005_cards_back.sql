-- +goose Up
-- What of an order went back to the gift cards that paid a part of it, as payments tells it: refunded_minor is what the provider gave back.
ALTER TABLE orders.orders ADD COLUMN IF NOT EXISTS cards_back_minor bigint NOT NULL DEFAULT 0 CHECK (cards_back_minor >= 0);
