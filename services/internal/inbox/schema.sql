-- What was taken. Run again on a schema that has it, it changes nothing.
CREATE TABLE IF NOT EXISTS inbox (
    -- Who took it: two consumers of a service each have their own effect.
    taker text NOT NULL,
    id    uuid NOT NULL,
    taken timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (taker, id)
);
CREATE INDEX IF NOT EXISTS inbox_taken ON inbox (taken);
-- How often an event failed that is not taken yet.
CREATE TABLE IF NOT EXISTS inbox_tries (
    taker  text NOT NULL,
    id     uuid NOT NULL,
    tries  integer NOT NULL,
    failed timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (taker, id)
);
-- What failed too often. Somebody must look at it; it stays until it is deleted.
-- To have it taken again, delete its row in inbox as well, and publish the event again.
CREATE TABLE IF NOT EXISTS inbox_parked (
    taker  text NOT NULL,
    id     uuid NOT NULL,
    type   text NOT NULL,
    -- The whole envelope.
    event  jsonb NOT NULL,
    error  text NOT NULL,
    parked timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (taker, id)
);
