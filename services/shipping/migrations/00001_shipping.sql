-- +goose Up
CREATE TABLE shipping.rates (
    id              uuid PRIMARY KEY,
    -- ISO 3166-1, or * for every country that has no rate of this method.
    country         text NOT NULL CHECK (country ~ '^([A-Z]{2}|\*)$'),
    method          text NOT NULL CHECK (method <> ''),
    name            text NOT NULL CHECK (name <> ''),
    price_minor     bigint NOT NULL CHECK (price_minor >= 0),
    free_from_minor bigint CHECK (free_from_minor >= 0),
    currency        text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Up to how many grams, inclusive; NULL is any weight.
    max_grams       bigint CHECK (max_grams > 0),
    version         bigint NOT NULL DEFAULT 1,
    UNIQUE NULLS NOT DISTINCT (country, method, currency, max_grams)
);

-- What was bought, as orders told.
CREATE TABLE shipping.orders (
    id             uuid PRIMARY KEY,
    -- False until the order was told of: that it was cancelled may come first.
    placed         boolean NOT NULL DEFAULT false,
    cancelled      boolean NOT NULL DEFAULT false,
    customer       text NOT NULL DEFAULT '',
    -- SHA-256 of the order's token: who reads this table cannot use it.
    token_hash     bytea,
    currency       text NOT NULL DEFAULT 'EUR',
    shipping_minor bigint NOT NULL DEFAULT 0 CHECK (shipping_minor >= 0),
    -- Personal data: forgotten after 90 days.
    address        jsonb,
    placed_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_to_forget ON shipping.orders (placed_at) WHERE address IS NOT NULL;

CREATE TABLE shipping.order_lines (
    order_id    uuid NOT NULL REFERENCES shipping.orders,
    sku         text NOT NULL,
    name        text NOT NULL,
    quantity    bigint NOT NULL CHECK (quantity > 0),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    PRIMARY KEY (order_id, sku)
);

-- Serial numbers of tracking numbers, eight digits.
CREATE SEQUENCE shipping.serials MINVALUE 10000000 MAXVALUE 99999999 CYCLE;

CREATE TABLE shipping.parcels (
    id             uuid PRIMARY KEY,
    order_id       uuid NOT NULL REFERENCES shipping.orders,
    state          text NOT NULL CHECK (state IN ('packed', 'sent', 'delivered')),
    carrier        text NOT NULL,
    tracking       text NOT NULL,
    grams          bigint NOT NULL DEFAULT 0 CHECK (grams >= 0),
    currency       text NOT NULL,
    goods_minor    bigint NOT NULL CHECK (goods_minor >= 0),
    shipping_minor bigint NOT NULL CHECK (shipping_minor >= 0),
    packed_at      timestamptz NOT NULL,
    sent_at        timestamptz,
    delivered_at   timestamptz,
    version        bigint NOT NULL DEFAULT 1,
    UNIQUE (carrier, tracking),
    CHECK ((sent_at IS NULL) = (state = 'packed')),
    CHECK ((delivered_at IS NOT NULL) = (state = 'delivered'))
);
CREATE INDEX parcels_order ON shipping.parcels (order_id, id);

CREATE TABLE shipping.parcel_lines (
    parcel       uuid NOT NULL REFERENCES shipping.parcels,
    sku          text NOT NULL,
    quantity     bigint NOT NULL CHECK (quantity > 0),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    PRIMARY KEY (parcel, sku)
);
