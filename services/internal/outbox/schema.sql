-- What happened and is not told yet, or was told within a day. Run again on a
-- schema that has it, it changes nothing.
CREATE TABLE IF NOT EXISTS outbox (
    -- Events of one subject are put by transactions that wait for each other, so their order here is that of the commits.
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The whole envelope.
    event     jsonb NOT NULL,
    -- Set by the relay when NATS has stored it.
    published timestamptz
);
CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (seq) WHERE published IS NULL;
