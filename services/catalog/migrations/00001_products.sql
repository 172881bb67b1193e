-- +goose Up
CREATE TABLE catalog.categories (
    slug     text PRIMARY KEY,
    name     text NOT NULL,
    position integer NOT NULL
);

CREATE TABLE catalog.products (
    sku         text PRIMARY KEY,
    id          uuid NOT NULL UNIQUE,
    slug        text NOT NULL UNIQUE,
    name        text NOT NULL,
    description text NOT NULL,
    category    text NOT NULL REFERENCES catalog.categories,
    brand       text NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Where the product stands in lists: they are read by key, never by offset.
    position    integer NOT NULL,
    -- Rises with each change; the ETag is made of it.
    version     bigint NOT NULL DEFAULT 1,
    -- What a search looks into, in lower case.
    words       text NOT NULL GENERATED ALWAYS AS (lower(name || ' ' || brand || ' ' || category || ' ' || description)) STORED
);

CREATE UNIQUE INDEX products_position ON catalog.products (position, sku);
CREATE INDEX products_category ON catalog.products (category, position, sku);
