-- +goose Up
CREATE TABLE customers.customers (
    -- As auth names them: the subject of their tokens.
    id         text PRIMARY KEY,
    -- As the customer spelled it, and as it is compared. Not unique: who signs in with an address is auth's to know.
    email      text NOT NULL,
    email_key  text NOT NULL,
    name       text NOT NULL,
    phone      text NOT NULL,
    locale     text NOT NULL,
    -- Rises with each change; the ETag is made of it.
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX customers_email ON customers.customers (email_key) WHERE email_key <> '';

CREATE TABLE customers.addresses (
    -- UUIDv7: in the order in which they are made.
    id       uuid PRIMARY KEY,
    customer text NOT NULL,
    name     text NOT NULL,
    street   text NOT NULL,
    postcode text NOT NULL,
    city     text NOT NULL,
    country  text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    phone    text NOT NULL,
    version  bigint NOT NULL DEFAULT 1
);
CREATE INDEX addresses_customer ON customers.addresses (customer, id);

-- What customers agreed to, and took back. Rows are only added, until the customer is erased: the newest of a purpose counts.
CREATE TABLE customers.consents (
    -- UUIDv7: in the order in which they were given.
    id           uuid PRIMARY KEY,
    customer     text NOT NULL,
    purpose      text NOT NULL,
    -- Which text the customer saw.
    text_version text NOT NULL,
    granted      boolean NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX consents_customer ON customers.consents (customer, id);

-- Who asked to be forgotten: nothing is kept of them but the name that auth had made up, so that nothing is made for them again.
CREATE TABLE customers.erasures (
    -- Random: who has it may read the proof, without an account.
    id           uuid PRIMARY KEY,
    customer     text NOT NULL UNIQUE,
    asked_at     timestamptz NOT NULL,
    -- When the services were told last.
    told_at      timestamptz NOT NULL,
    complete_at  timestamptz
);
CREATE INDEX erasures_open ON customers.erasures (told_at) WHERE complete_at IS NULL;

CREATE TABLE customers.erasure_answers (
    erasure uuid NOT NULL REFERENCES customers.erasures,
    service text NOT NULL,
    -- NULL until the service has answered.
    count   bigint CHECK (count >= 0),
    at      timestamptz,
    PRIMARY KEY (erasure, service)
);
