-- +goose Up
-- How many orders were made of the cart. Each takes what was bought out of it.
ALTER TABLE cart.carts ADD COLUMN orders integer NOT NULL DEFAULT 0;

-- Orders that took what they bought out of their cart: each does so once.
CREATE TABLE cart.closings (
    order_id uuid PRIMARY KEY,
    cart_id  uuid NOT NULL REFERENCES cart.carts ON DELETE CASCADE,
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX closings_cart ON cart.closings (cart_id);

-- What pricing told last: a line whose price is another one is shown at this.
CREATE TABLE cart.prices (
    sku         text NOT NULL,
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    valid_from  timestamptz NOT NULL,
    PRIMARY KEY (sku, currency)
);
