-- +goose Up
-- What the whole order costs, whoever pays it: with it follows what of a refund is the provider's, and what the gift cards'. NULL of orders of
-- before, which no card paid.
ALTER TABLE loyalty.orders ADD COLUMN IF NOT EXISTS total_minor bigint CHECK (total_minor >= 0);
-- What is given back for goods that came back, shipping included, by whatever means they were paid.
ALTER TABLE loyalty.returns ADD COLUMN IF NOT EXISTS refund_minor bigint NOT NULL DEFAULT 0 CHECK (refund_minor >= 0);
-- What of a hold went back to its cards because refunds went beyond what the provider was paid.
ALTER TABLE loyalty.holds ADD COLUMN IF NOT EXISTS owed_minor bigint NOT NULL DEFAULT 0 CHECK (owed_minor >= 0);
