-- +goose Up
-- What of a refund goes back to gift cards, as payments tells it; amount_minor is what the provider gave back.
ALTER TABLE loyalty.refunds ADD COLUMN IF NOT EXISTS cards_minor bigint NOT NULL DEFAULT 0 CHECK (cards_minor >= 0);
