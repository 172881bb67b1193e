-- SKUs are compared byte by byte, here as in the service.
CREATE TABLE recommendations.counts (
    sku     text COLLATE "C" PRIMARY KEY,
    -- In how many orders it was.
    orders  bigint NOT NULL DEFAULT 0 CHECK (orders >= 0),
    -- The same, but each order weighs twice as much as one of 30 days before: src/counts.py.
    trend   double precision NOT NULL DEFAULT 0 CHECK (trend >= 0),
    -- What its reviews say: their stars and their number, each review as it is now.
    stars   bigint NOT NULL DEFAULT 0 CHECK (stars >= 0),
    reviews bigint NOT NULL DEFAULT 0 CHECK (reviews >= 0),
    -- The newest version that the catalog told of, and whether the product is removed in it.
    version bigint NOT NULL DEFAULT 0,
    removed boolean NOT NULL DEFAULT false,
    -- Whether none can be bought, as of when.
    sold_out boolean NOT NULL DEFAULT false,
    stock_at timestamptz NOT NULL DEFAULT '-infinity'
);

-- In how many orders two products were together; each pair once.
CREATE TABLE recommendations.pairs (
    a      text COLLATE "C" NOT NULL,
    b      text COLLATE "C" NOT NULL,
    orders bigint NOT NULL CHECK (orders > 0),
    PRIMARY KEY (a, b),
    CHECK (a < b)
);
CREATE INDEX pairs_support ON recommendations.pairs (orders) WHERE orders > 1;

-- What each review says now: one that is published again replaces what it said.
CREATE TABLE recommendations.reviews (
    review uuid PRIMARY KEY,
    sku    text COLLATE "C" NOT NULL,
    stars  smallint NOT NULL CHECK (stars BETWEEN 1 AND 5)
);

-- Rises with each commit that changes something: who has a snapshot knows whether it is old.
CREATE TABLE recommendations.revision (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    value bigint NOT NULL
);
INSERT INTO recommendations.revision (value) VALUES (1);

-- What was taken: services/internal/inbox has the same tables.
CREATE TABLE recommendations.inbox (
    taker text NOT NULL,
    id    uuid NOT NULL,
    taken timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (taker, id)
);
CREATE INDEX inbox_taken ON recommendations.inbox (taken);
CREATE TABLE recommendations.inbox_tries (
    taker  text NOT NULL,
    id     uuid NOT NULL,
    tries  integer NOT NULL,
    failed timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (taker, id)
);
CREATE TABLE recommendations.inbox_parked (
    taker  text NOT NULL,
    id     uuid NOT NULL,
    type   text NOT NULL,
    event  jsonb NOT NULL,
    error  text NOT NULL,
    parked timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (taker, id)
);
