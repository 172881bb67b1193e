-- +goose Up
-- Promotions on items.
CREATE TABLE promotions.rules (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    -- One of both.
    percent     text,
    off_minor   bigint CHECK (off_minor > 0),
    currency    text CHECK (currency ~ '^[A-Z]{3}$'),
    -- Empty is all products.
    skus        text[] NOT NULL DEFAULT '{}',
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz CHECK (valid_until > valid_from),
    CHECK ((percent IS NULL) = (off_minor IS NOT NULL AND currency IS NOT NULL))
);
CREATE INDEX rules_valid ON promotions.rules (valid_until);

CREATE TABLE promotions.coupons (
    id               uuid PRIMARY KEY,
    -- In capitals.
    code             text NOT NULL UNIQUE CHECK (code <> ''),
    percent          text,
    off_minor        bigint CHECK (off_minor > 0),
    currency         text CHECK (currency ~ '^[A-Z]{3}$'),
    minimum_minor    bigint CHECK (minimum_minor >= 0),
    minimum_currency text CHECK (minimum_currency ~ '^[A-Z]{3}$'),
    -- How many orders may have it; NULL is any number.
    uses             bigint CHECK (uses > 0),
    per_customer     bigint CHECK (per_customer > 0),
    -- Whom it belongs to; empty is everybody.
    customer         text NOT NULL DEFAULT '',
    valid_from       timestamptz NOT NULL,
    valid_until      timestamptz CHECK (valid_until > valid_from),
    -- How many orders hold or have it. Counted where it is taken, never by reading first.
    used             bigint NOT NULL DEFAULT 0 CHECK (used >= 0 AND (uses IS NULL OR used <= uses)),
    -- Rises with each change, uses included; the ETag is made of it.
    version          bigint NOT NULL DEFAULT 1,
    CHECK ((percent IS NULL) = (off_minor IS NOT NULL AND currency IS NOT NULL)),
    CHECK ((minimum_minor IS NULL) = (minimum_currency IS NULL))
);

-- How many orders of a customer hold or have a coupon: by account and by address.
CREATE TABLE promotions.customer_uses (
    code     text NOT NULL REFERENCES promotions.coupons (code),
    customer text NOT NULL,
    used     bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (code, customer)
);

-- The coupons of one checkout, all of them or none.
CREATE TABLE promotions.redemptions (
    id         uuid PRIMARY KEY,
    saga       uuid NOT NULL UNIQUE,
    state      text NOT NULL CHECK (state IN ('reserved', 'committed', 'released', 'returned')),
    order_id   uuid UNIQUE,
    customers  text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX redemptions_reserved ON promotions.redemptions (created_at) WHERE state = 'reserved';

CREATE TABLE promotions.redeemed (
    redemption   uuid NOT NULL REFERENCES promotions.redemptions,
    code         text NOT NULL REFERENCES promotions.coupons (code),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    PRIMARY KEY (redemption, code)
);

-- Orders that were cancelled before anybody said which coupons they had.
CREATE TABLE promotions.cancelled (order_id uuid PRIMARY KEY);

-- Wrong codes of the last minutes, by a hash of who typed them.
CREATE TABLE promotions.tries (
    who bytea NOT NULL,
    at  timestamptz NOT NULL
);
CREATE INDEX tries_who ON promotions.tries (who, at);
CREATE INDEX tries_at ON promotions.tries (at);
