-- +goose Up
-- What a country takes of a class from a day on, in the shop's calendar.
CREATE TABLE tax.rates (
    id      uuid PRIMARY KEY,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    class   text NOT NULL,
    percent text NOT NULL CHECK (percent ~ '^\d{1,3}(\.\d{1,4})?$'),
    -- Of two of one day, the one that was entered later counts: ids are UUIDv7.
    begins  date NOT NULL
);
CREATE INDEX rates_country ON tax.rates (country, class, begins, id);

-- The class of a product; one that is not here is standard.
CREATE TABLE tax.classes (
    sku     text PRIMARY KEY CHECK (sku <> ''),
    class   text NOT NULL,
    -- Rises with each change; the ETag is made of it.
    version bigint NOT NULL DEFAULT 1
);

-- What the register of VAT numbers answered, so that a quote and its order do not
-- depend on whether it answers twice.
CREATE TABLE tax.vat_checks (
    number     text PRIMARY KEY,
    registered boolean NOT NULL,
    checked_at timestamptz NOT NULL
);
