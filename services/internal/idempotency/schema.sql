-- One row for each Idempotency-Key that was taken: what was asked, and what was
-- answered. Run again on a schema that has it, it changes nothing.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    -- A key belongs to its caller and to one operation: nobody else's key is the same one.
    caller      text NOT NULL,
    route       text NOT NULL,
    value       text NOT NULL,
    -- Of the body, so that a key that comes with another one is refused.
    fingerprint bytea NOT NULL,
    -- Names the attempt for the steps that it is made of, whoever goes on with it.
    id          uuid NOT NULL UNIQUE,
    -- NULL while it runs.
    status      integer,
    header      jsonb,
    body        bytea,
    -- Of what runs in several steps: until when its process is believed to live, and
    -- how often another took over. Who holds an older turn can finish nothing.
    lease_until timestamptz,
    turn        integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, route, value)
);
CREATE INDEX IF NOT EXISTS idempotency_keys_created_at ON idempotency_keys (created_at);
CREATE INDEX IF NOT EXISTS idempotency_keys_running ON idempotency_keys (route, lease_until) WHERE status IS NULL;
