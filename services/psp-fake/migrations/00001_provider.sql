-- +goose Up
-- Amounts are in the smallest unit of their currency.
CREATE TABLE psp_fake.authorizations (
    id           uuid PRIMARY KEY,
    -- The merchant's own; not unique: who asks twice charges twice, and it shows.
    reference    text NOT NULL,
    minor        bigint NOT NULL CHECK (minor > 0),
    currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    state        text NOT NULL CHECK (state IN ('authorized', 'declined')),
    decline_code text NOT NULL DEFAULT '',
    card         text NOT NULL,
    captured     bigint NOT NULL DEFAULT 0 CHECK (captured >= 0),
    refunded     bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    released     bigint NOT NULL DEFAULT 0 CHECK (released >= 0),
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (captured + released <= minor),
    CHECK (refunded <= captured)
);
CREATE INDEX authorizations_reference ON psp_fake.authorizations (reference);

CREATE TABLE psp_fake.operations (
    id               uuid PRIMARY KEY,
    authorization_id uuid NOT NULL REFERENCES psp_fake.authorizations,
    reference        text NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('capture', 'void', 'refund')),
    minor            bigint NOT NULL CHECK (minor >= 0),
    currency         text NOT NULL,
    state            text NOT NULL CHECK (state IN ('succeeded', 'failed')),
    released         bigint NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX operations_reference ON psp_fake.operations (reference);

-- Double entry: the entries of one movement make zero, which the trigger below holds at the commit.
CREATE TABLE psp_fake.ledger (
    seq              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movement         uuid NOT NULL,
    authorization_id uuid NOT NULL REFERENCES psp_fake.authorizations,
    account          text NOT NULL CHECK (account IN ('held', 'promised', 'merchant', 'cardholder')),
    minor            bigint NOT NULL CHECK (minor <> 0),
    currency         text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_movement ON psp_fake.ledger (movement);
CREATE INDEX ledger_authorization ON psp_fake.ledger (authorization_id);

-- +goose StatementBegin
CREATE FUNCTION psp_fake.balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM psp_fake.ledger WHERE movement = NEW.movement GROUP BY currency HAVING sum(minor) <> 0) THEN
        RAISE EXCEPTION 'movement % does not balance', NEW.movement USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON psp_fake.ledger
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION psp_fake.balanced();

-- +goose StatementBegin
CREATE FUNCTION psp_fake.unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only added to' USING ERRCODE = 'check_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE ON psp_fake.ledger
    FOR EACH ROW EXECUTE FUNCTION psp_fake.unchanged();

-- What is still to be told to the merchant.
CREATE TABLE psp_fake.webhooks (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body       bytea NOT NULL,
    due_at     timestamptz NOT NULL,
    tries      integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhooks_due ON psp_fake.webhooks (due_at);

-- How the provider feels today; no row: as PSP_MOOD says.
CREATE TABLE psp_fake.moods (
    id      integer PRIMARY KEY CHECK (id = 1),
    mood    jsonb NOT NULL,
    version bigint NOT NULL
);
