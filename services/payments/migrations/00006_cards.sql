-- +goose Up
-- What gift cards pay of the order beside the provider, and what of that goes back to them. 0 of orders of before: their refunds are divided
-- by loyalty alone, for returns and cancellations.
ALTER TABLE payments.payments ADD COLUMN IF NOT EXISTS cards bigint NOT NULL DEFAULT 0 CHECK (cards >= 0);
ALTER TABLE payments.payments ADD COLUMN IF NOT EXISTS cards_back bigint NOT NULL DEFAULT 0 CHECK (cards_back BETWEEN 0 AND cards);
-- What of a refund goes to gift cards, beside its amount, which is the provider's.
ALTER TABLE payments.attempts ADD COLUMN IF NOT EXISTS cards bigint NOT NULL DEFAULT 0 CHECK (cards >= 0);
