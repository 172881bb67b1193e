-- +goose Up
-- Offers, as they were shown. A quote is never changed.
CREATE TABLE checkout.quotes (
    id         uuid PRIMARY KEY,
    quote      jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX quotes_expires_at ON checkout.quotes (expires_at);

-- Orders that are being placed. The id is that of the attempt in idempotency_keys, whose lease says which process is at it.
CREATE TABLE checkout.sagas (
    id         uuid PRIMARY KEY,
    quote      uuid NOT NULL REFERENCES checkout.quotes,
    state      text NOT NULL CHECK (state IN ('forward', 'closing', 'back', 'placed', 'undone')),
    -- Steps with their states: see saga.go.
    progress   jsonb NOT NULL,
    -- What the customer sent; the means of payment goes when it is used.
    request    jsonb NOT NULL,
    begun_at   timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);
-- One quote makes one order: another may be tried only when the one before was undone.
CREATE UNIQUE INDEX sagas_quote ON checkout.sagas (quote) WHERE state <> 'undone';
CREATE INDEX sagas_open ON checkout.sagas (changed_at) WHERE state NOT IN ('placed', 'undone');
