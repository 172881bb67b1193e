-- +goose Up
CREATE TABLE pricing.prices (
    -- UUIDv7: in the order in which they were entered.
    id          uuid PRIMARY KEY,
    sku         text NOT NULL CHECK (sku <> ''),
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Empty is every country that has no price of its own.
    country     text NOT NULL DEFAULT '' CHECK (country ~ '^([A-Z]{2})?$'),
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    -- From this instant on, up to the other, which is no part of it; NULL is no end.
    valid_from  timestamptz NOT NULL,
    valid_until timestamptz CHECK (valid_until > valid_from),
    entered_at  timestamptz NOT NULL,
    -- Nobody enters what was charged before.
    CHECK (entered_at <= valid_from)
);

CREATE INDEX prices_sku ON pricing.prices (sku, currency, country);

-- The history of prices is evidence (Directive 98/6/EC Art. 6a): it only grows.
-- +goose StatementBegin
CREATE FUNCTION pricing.keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'prices are only ever added' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER prices_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON pricing.prices
    FOR EACH STATEMENT EXECUTE FUNCTION pricing.keep();

-- Instants at which a product's price may change, and that nobody was told of yet.
CREATE TABLE pricing.turns (
    at       timestamptz NOT NULL,
    sku      text NOT NULL,
    currency text NOT NULL,
    country  text NOT NULL,
    PRIMARY KEY (at, sku, currency, country)
);
