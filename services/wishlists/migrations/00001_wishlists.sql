CREATE TABLE wishlists.wishlists (
    id          uuid PRIMARY KEY,
    -- The order of a customer's lists: a cursor says after which one a page begins.
    position    bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    customer_id text NOT NULL,
    name        text NOT NULL,
    version     integer NOT NULL DEFAULT 1,
    -- The link, or none. 192 random bits: it is all that keeps a list from others.
    token       text COLLATE "C" UNIQUE,
    shared_at   timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((token IS NULL) = (shared_at IS NULL))
);
CREATE INDEX wishlists_of_customer ON wishlists.wishlists (customer_id, position);

CREATE TABLE wishlists.items (
    list_id  uuid NOT NULL REFERENCES wishlists.wishlists ON DELETE CASCADE,
    sku      text COLLATE "C" NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    note     text,
    added_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (list_id, sku)
);

CREATE TABLE wishlists.idempotency_keys (
    caller     text NOT NULL,
    route      text NOT NULL,
    key        text NOT NULL,
    body_hash  bytea NOT NULL,
    status     smallint NOT NULL,
    headers    jsonb NOT NULL,
    answer     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, route, key)
);
CREATE INDEX idempotency_keys_age ON wishlists.idempotency_keys (created_at);
