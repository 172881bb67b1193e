-- What is told to others, and what was taken from them: services/internal/outbox and services/internal/inbox have the same tables.
CREATE TABLE reviews.outbox (
    -- Events of one subject are put by transactions that wait for each other, so their order here is that of the commits.
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event     jsonb NOT NULL,
    -- Set by the relay when NATS has stored it.
    published timestamptz
);
CREATE INDEX outbox_waiting ON reviews.outbox (seq) WHERE published IS NULL;
CREATE TABLE reviews.inbox (
    taker text NOT NULL,
    id    uuid NOT NULL,
    taken timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (taker, id)
);
CREATE INDEX inbox_taken ON reviews.inbox (taken);
CREATE TABLE reviews.inbox_tries (
    taker  text NOT NULL,
    id     uuid NOT NULL,
    tries  integer NOT NULL,
    failed timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (taker, id)
);
CREATE TABLE reviews.inbox_parked (
    taker  text NOT NULL,
    id     uuid NOT NULL,
    type   text NOT NULL,
    event  jsonb NOT NULL,
    error  text NOT NULL,
    parked timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (taker, id)
);

-- Who was erased, as a hash: a token that is still good for minutes must not bring anybody back.
CREATE TABLE reviews.erased (customer_hash bytea PRIMARY KEY);
CREATE INDEX reviews_author ON reviews.reviews (author_id);
CREATE INDEX votes_voter ON reviews.votes (voter_id);
