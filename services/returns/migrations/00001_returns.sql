-- +goose Up
-- What was bought, as others told.
CREATE TABLE returns.orders (
    id                 uuid PRIMARY KEY,
    -- False until the order was told of: what became of it may come first.
    placed             boolean NOT NULL DEFAULT false,
    sent               boolean NOT NULL DEFAULT false,
    cancelled          boolean NOT NULL DEFAULT false,
    completed_at       timestamptz,
    number             text NOT NULL DEFAULT '',
    -- Empty is a guest, or somebody who was erased.
    customer           text NOT NULL DEFAULT '',
    -- SHA-256 of the order's token: who reads this table cannot use it.
    token_hash         bytea,
    locale             text NOT NULL DEFAULT '',
    currency           text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$'),
    shipping_minor     bigint NOT NULL DEFAULT 0 CHECK (shipping_minor >= 0),
    shipping_tax_minor bigint NOT NULL DEFAULT 0 CHECK (shipping_tax_minor BETWEEN 0 AND shipping_minor)
);
CREATE INDEX orders_customer ON returns.orders (customer) WHERE customer <> '';

CREATE TABLE returns.order_lines (
    order_id    uuid NOT NULL REFERENCES returns.orders,
    line        integer NOT NULL CHECK (line > 0),
    sku         text NOT NULL,
    name        text NOT NULL,
    quantity    bigint NOT NULL CHECK (quantity > 0),
    gross_minor bigint NOT NULL CHECK (gross_minor >= 0),
    tax_minor   bigint NOT NULL CHECK (tax_minor BETWEEN 0 AND gross_minor),
    PRIMARY KEY (order_id, line)
);

-- What arrived, by parcel.
CREATE TABLE returns.deliveries (
    parcel   uuid NOT NULL,
    order_id uuid NOT NULL REFERENCES returns.orders,
    sku      text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    at       timestamptz NOT NULL,
    PRIMARY KEY (parcel, sku)
);
CREATE INDEX deliveries_order ON returns.deliveries (order_id);

CREATE TABLE returns.returns (
    id             uuid PRIMARY KEY,
    order_id       uuid NOT NULL REFERENCES returns.orders,
    state          text NOT NULL CHECK (state IN ('announced', 'confirmed', 'completed', 'closed')),
    -- The customer's own words.
    reason         text NOT NULL DEFAULT '',
    staff          text NOT NULL DEFAULT '',
    note           text NOT NULL DEFAULT '',
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    worth_minor    bigint NOT NULL CHECK (worth_minor >= 0),
    refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    announced_at   timestamptz NOT NULL,
    confirmed_at   timestamptz,
    ended_at       timestamptz,
    version        bigint NOT NULL DEFAULT 1,
    CHECK (state = 'closed' OR (confirmed_at IS NULL) = (state = 'announced')),
    CHECK ((ended_at IS NULL) = (state IN ('announced', 'confirmed')))
);
CREATE INDEX returns_order ON returns.returns (order_id, id);
CREATE INDEX returns_announced ON returns.returns (announced_at) WHERE state = 'announced';

CREATE TABLE returns.lines (
    return_id uuid NOT NULL REFERENCES returns.returns ON DELETE CASCADE,
    line      integer NOT NULL,
    quantity  bigint NOT NULL CHECK (quantity > 0),
    sellable  bigint NOT NULL DEFAULT 0 CHECK (sellable >= 0),
    damaged   bigint NOT NULL DEFAULT 0 CHECK (damaged >= 0),
    PRIMARY KEY (return_id, line),
    -- The rules say so first; this is for the day on which they are wrong.
    CHECK (sellable + damaged <= quantity)
);

-- The receipt of a withdrawal, as the customer got it: what was withdrawn from, and when that arrived here.
CREATE TABLE returns.receipts (
    return_id uuid PRIMARY KEY REFERENCES returns.returns,
    at        timestamptz NOT NULL,
    text      text NOT NULL
);

-- Goods that came back, and what was told of it.
CREATE TABLE returns.acceptances (
    id        uuid PRIMARY KEY,
    return_id uuid NOT NULL REFERENCES returns.returns,
    staff     text NOT NULL,
    at        timestamptz NOT NULL,
    told      json NOT NULL
);
CREATE INDEX acceptances_return ON returns.acceptances (return_id, id);

-- +goose StatementBegin
CREATE FUNCTION returns.kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a % stays as it is: % is forbidden', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON returns.receipts FOR EACH STATEMENT EXECUTE FUNCTION returns.kept();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON returns.acceptances FOR EACH STATEMENT EXECUTE FUNCTION returns.kept();
