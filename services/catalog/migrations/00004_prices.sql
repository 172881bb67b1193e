-- +goose Up
-- What pricing told last, also of products that are not there yet: pricing owns prices, products has a copy.
CREATE TABLE catalog.prices (
    sku         text NOT NULL,
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    low30_minor bigint CHECK (low30_minor >= 0),
    valid_from  timestamptz NOT NULL,
    PRIMARY KEY (sku, currency)
);

-- The lowest price of the 30 days before this one; NULL where it was not sold before.
ALTER TABLE catalog.products ADD COLUMN low30_minor bigint;
