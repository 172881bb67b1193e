-- +goose Up
-- Amounts are in the smallest unit of their currency.
CREATE TABLE payments.payments (
    id           uuid PRIMARY KEY,
    -- One saga pays once.
    saga         text NOT NULL UNIQUE,
    order_id     uuid,
    currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount       bigint NOT NULL CHECK (amount >= 0),
    authorized   boolean NOT NULL DEFAULT false,
    reference    text NOT NULL DEFAULT '',
    captured     bigint NOT NULL DEFAULT 0,
    -- Asked for, with an outcome that is not known yet.
    capturing    bigint NOT NULL DEFAULT 0,
    refunded     bigint NOT NULL DEFAULT 0,
    refunding    bigint NOT NULL DEFAULT 0,
    released     bigint NOT NULL DEFAULT 0,
    closing      boolean NOT NULL DEFAULT false,
    cancelled    boolean NOT NULL DEFAULT false,
    tax          bigint NOT NULL DEFAULT 0,
    refunded_tax bigint NOT NULL DEFAULT 0,
    state        text NOT NULL DEFAULT 'pending',
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    -- The rules say so first; this is for the day on which they are wrong.
    CHECK (captured >= 0 AND capturing >= 0 AND refunded >= 0 AND refunding >= 0 AND released >= 0),
    CHECK (captured + capturing + released <= amount),
    CHECK (refunded + refunding <= captured)
);

CREATE UNIQUE INDEX payments_order ON payments.payments (order_id);

CREATE TABLE payments.attempts (
    id         uuid PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments.payments,
    kind       text NOT NULL CHECK (kind IN ('authorize', 'capture', 'void', 'refund')),
    -- Key and reference at the provider.
    reference  text NOT NULL UNIQUE,
    target     text NOT NULL DEFAULT '',
    amount     bigint NOT NULL,
    currency   text NOT NULL,
    final      boolean NOT NULL DEFAULT false,
    -- What the card's number was exchanged for; forgotten once the outcome is known.
    card       text NOT NULL DEFAULT '',
    outcome    text NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'done', 'failed')),
    provided   text NOT NULL DEFAULT '',
    reason     text NOT NULL DEFAULT '',
    request    text NOT NULL DEFAULT '',
    print      text NOT NULL DEFAULT '',
    tries      integer NOT NULL DEFAULT 0,
    -- When the worker asks next.
    due_at     timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX attempts_payment ON payments.attempts (payment_id);
CREATE INDEX attempts_due ON payments.attempts (due_at) WHERE outcome = 'open';
-- One authorisation for a payment, unless it failed.
CREATE UNIQUE INDEX attempts_authorize ON payments.attempts (payment_id) WHERE kind = 'authorize' AND outcome <> 'failed';
-- One capture, void or refund for a request of a client.
CREATE UNIQUE INDEX attempts_request ON payments.attempts (request) WHERE request <> '' AND kind <> 'authorize' AND outcome <> 'failed';
-- What the provider did once counts once, however often he tells.
CREATE UNIQUE INDEX attempts_provided ON payments.attempts (payment_id, kind, provided) WHERE outcome = 'done';

-- Double entry: the entries of one movement make zero, which the trigger below holds at the commit.
CREATE TABLE payments.ledger (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movement   uuid NOT NULL,
    payment_id uuid NOT NULL REFERENCES payments.payments,
    account    text NOT NULL CHECK (account IN ('held', 'promised', 'provider', 'customer')),
    minor      bigint NOT NULL CHECK (minor <> 0),
    currency   text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_movement ON payments.ledger (movement);
CREATE INDEX ledger_payment ON payments.ledger (payment_id);

-- +goose StatementBegin
CREATE FUNCTION payments.balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM payments.ledger WHERE movement = NEW.movement GROUP BY currency HAVING sum(minor) <> 0) THEN
        RAISE EXCEPTION 'movement % does not balance', NEW.movement USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON payments.ledger
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments.balanced();

-- +goose StatementBegin
CREATE FUNCTION payments.unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only added to' USING ERRCODE = 'check_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER unchanged BEFORE UPDATE OR DELETE ON payments.ledger
    FOR EACH ROW EXECUTE FUNCTION payments.unchanged();

-- Webhooks that had their effect, or had none to have.
CREATE TABLE payments.webhooks (
    id         text PRIMARY KEY,
    type       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhooks_created ON payments.webhooks (created_at);
