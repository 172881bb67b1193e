-- +goose Up
CREATE TABLE cart.carts (
    id         uuid PRIMARY KEY,
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Rises with each change of the cart or its lines; the ETag is made of it.
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE cart.lines (
    cart_id     uuid NOT NULL REFERENCES cart.carts ON DELETE CASCADE,
    sku         text NOT NULL,
    name        text NOT NULL,
    quantity    integer NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    -- Lines keep the order in which they were put in.
    added_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (cart_id, sku)
);

-- One row for each Idempotency-Key that was answered.
CREATE TABLE cart.requests (
    key        text PRIMARY KEY,
    body_hash  bytea NOT NULL,
    cart_id    uuid NOT NULL,
    answer     bytea NOT NULL,
    etag       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
