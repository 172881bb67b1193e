-- +goose Up
-- Numbers have gaps: one that was drawn by a request that failed is not used again.
CREATE SEQUENCE orders.numbers START 100001;

-- What became of each saga that asked for an order: the order, or the promise that
-- there will be none (order_id is null). The key lets one of the two happen.
CREATE TABLE orders.sagas (
    saga     uuid PRIMARY KEY,
    order_id uuid,
    at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE orders.orders (
    -- UUIDv7: in the order in which they are placed.
    id             uuid PRIMARY KEY,
    number         text NOT NULL CONSTRAINT orders_number UNIQUE,
    -- Who has it may see and cancel the order, signed in or not.
    token          text NOT NULL,
    saga           uuid NOT NULL UNIQUE REFERENCES orders.sagas,
    cart           uuid NOT NULL,
    -- How many orders of the cart came before: of two orders of one state of a cart, one is made.
    cart_turn      integer NOT NULL DEFAULT 0,
    quote          uuid NOT NULL CONSTRAINT orders_quote UNIQUE,
    hold           uuid NOT NULL,
    payment        uuid,
    customer       text,
    email          text NOT NULL,
    locale         text,
    address        jsonb NOT NULL,
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    shipping_minor bigint NOT NULL CHECK (shipping_minor >= 0),
    discount_minor bigint NOT NULL CHECK (discount_minor >= 0),
    total_minor    bigint NOT NULL CHECK (total_minor >= 0),
    tax_minor      bigint NOT NULL CHECK (tax_minor >= 0),
    taxes          jsonb NOT NULL,
    redemptions    jsonb NOT NULL,
    state          text NOT NULL CHECK (state IN ('placed', 'paid', 'sent', 'completed', 'cancelled')),
    refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    carrier        text,
    tracking       text,
    -- Rises with each change; the ETag is made of it.
    version        bigint NOT NULL DEFAULT 1,
    placed_at      timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT orders_cart UNIQUE (cart, cart_turn)
);
CREATE INDEX orders_customer ON orders.orders (customer, id) WHERE customer IS NOT NULL;
CREATE INDEX orders_payment ON orders.orders (payment) WHERE payment IS NOT NULL;
CREATE INDEX orders_sent ON orders.orders (changed_at) WHERE state = 'sent';

CREATE TABLE orders.lines (
    order_id    uuid NOT NULL REFERENCES orders.orders,
    line        integer NOT NULL,
    sku         text NOT NULL,
    -- As it was when it was bought: a product that is gone stays in the orders.
    name        text NOT NULL,
    quantity    integer NOT NULL CHECK (quantity >= 1),
    unit_minor  bigint NOT NULL CHECK (unit_minor >= 0),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    tax_minor   bigint NOT NULL CHECK (tax_minor >= 0),
    PRIMARY KEY (order_id, line)
);

-- What happened to an order; rows are only added.
CREATE TABLE orders.order_events (
    order_id uuid NOT NULL REFERENCES orders.orders,
    version  bigint NOT NULL,
    -- Of those that one change made, in their order.
    turn     integer NOT NULL,
    kind     text NOT NULL,
    reason   text,
    at       timestamptz NOT NULL,
    PRIMARY KEY (order_id, version, turn)
);
