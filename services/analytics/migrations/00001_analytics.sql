-- +goose Up
-- What happened, once each. Nothing here names a person: no customer, mail, name, address or cart.
CREATE TABLE analytics.facts (
    kind    text NOT NULL,
    -- What the fact is of: of two events that tell of one thing, one counts.
    id      text NOT NULL,
    -- Facts of one order are counted together: what a cancellation took away, its order says.
    subject uuid NOT NULL,
    -- When it happened, whenever it was told.
    at      timestamptz NOT NULL,
    figures jsonb NOT NULL DEFAULT '{}',
    -- Whether the roll-ups have it.
    rolled  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (kind, id)
);
CREATE INDEX facts_fresh ON analytics.facts (at) WHERE NOT rolled;
CREATE INDEX facts_subject ON analytics.facts (subject);
CREATE INDEX facts_at ON analytics.facts (at);

-- The sums that are read, by the instant at which the day or hour of the shop begins.
CREATE TABLE analytics.rollups (
    grain    text NOT NULL CHECK (grain IN ('day', 'hour')),
    at       timestamptz NOT NULL,
    measure  text NOT NULL,
    -- The SKU or coupon, where a measure has one.
    key      text NOT NULL DEFAULT '',
    currency text NOT NULL DEFAULT '',
    value    bigint NOT NULL,
    PRIMARY KEY (grain, at, measure, key, currency)
);

-- What facts counted that are not kept any more: roll-ups of days are these and the facts.
CREATE TABLE analytics.compacted (
    at       timestamptz NOT NULL,
    measure  text NOT NULL,
    key      text NOT NULL DEFAULT '',
    currency text NOT NULL DEFAULT '',
    value    bigint NOT NULL,
    PRIMARY KEY (at, measure, key, currency)
);

-- One row. Facts from before the horizon are not taken any more, and hours before it are not kept.
CREATE TABLE analytics.state (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    zone      text NOT NULL,
    horizon   timestamptz NOT NULL DEFAULT '-infinity',
    -- When the roll-ups last had every fact.
    rolled_at timestamptz,
    -- How many facts came after their day was closed.
    late      bigint NOT NULL DEFAULT 0
);

-- Somebody asked for roll-ups made anew from the facts.
CREATE TABLE analytics.rebuilds (
    id        uuid PRIMARY KEY,
    asked_at  timestamptz NOT NULL,
    done_at   timestamptz,
    -- How many roll-ups were not what the facts say.
    differing bigint
);
CREATE INDEX rebuilds_open ON analytics.rebuilds (id) WHERE done_at IS NULL;
