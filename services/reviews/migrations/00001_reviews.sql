CREATE TABLE reviews.reviews (
    id         uuid PRIMARY KEY,
    -- The order in which reviews were written; lists go by it.
    position   bigint NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    sku        text NOT NULL,
    -- Who wrote it, as auth names them. Never told to others: author is the name that the customer chose to be seen.
    author_id  text NOT NULL,
    author     text NOT NULL,
    stars      smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    title      text,
    text       text NOT NULL,
    state      text NOT NULL CHECK (state IN ('pending', 'published', 'rejected')),
    -- The customer's newest review of the product is the one that is listed and counted.
    current    boolean NOT NULL DEFAULT true,
    -- Kept beside the votes, so that a list need not count them.
    helpful    integer NOT NULL DEFAULT 0 CHECK (helpful >= 0),
    unhelpful  integer NOT NULL DEFAULT 0 CHECK (unhelpful >= 0),
    -- Rises with each change and each vote; the ETag is made of it.
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX reviews_current ON reviews.reviews (sku, author_id) WHERE current;
CREATE INDEX reviews_published ON reviews.reviews (sku, position DESC) WHERE state = 'published' AND current;
CREATE INDEX reviews_newest ON reviews.reviews (position DESC) WHERE state = 'published' AND current;
CREATE INDEX reviews_stars ON reviews.reviews (sku, stars) WHERE state = 'published' AND current;
CREATE INDEX reviews_pending ON reviews.reviews (position) WHERE state = 'pending' AND current;

CREATE TABLE reviews.votes (
    review_id uuid NOT NULL REFERENCES reviews.reviews ON DELETE CASCADE,
    voter_id  text NOT NULL,
    helpful   boolean NOT NULL,
    voted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (review_id, voter_id)
);

-- One row for each POST that was answered, for a day.
CREATE TABLE reviews.idempotency_keys (
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
CREATE INDEX idempotency_keys_age ON reviews.idempotency_keys (created_at);
