-- +goose Up
-- Where a product lies.
CREATE TABLE warehouse.bins (
    sku     text PRIMARY KEY CHECK (sku <> ''),
    -- Zone, shelf, level: A-01-3.
    place   text NOT NULL CHECK (place <> ''),
    -- Rises with each change; the ETag is made of it.
    version bigint NOT NULL DEFAULT 1
);

-- What was told of an order, in whatever order it came. Whoever changes the tasks of an order by an event locks its row first.
CREATE TABLE warehouse.orders (
    id        uuid PRIMARY KEY,
    placed    boolean NOT NULL DEFAULT false,
    paid      boolean NOT NULL DEFAULT false,
    cancelled boolean NOT NULL DEFAULT false
);

CREATE TABLE warehouse.tasks (
    -- UUIDv7: in the order in which they are made.
    id         uuid PRIMARY KEY,
    order_id   uuid NOT NULL REFERENCES warehouse.orders,
    number     text NOT NULL CHECK (number <> ''),
    -- Empty: nobody has said where its products lie.
    zone       text NOT NULL,
    state      text NOT NULL CHECK (state IN ('waiting', 'open', 'claimed', 'done', 'cancelled')),
    worker     text NOT NULL DEFAULT '' CHECK (worker <> '' OR state NOT IN ('claimed', 'done')),
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (order_id, zone)
);
-- The list by state, and the oldest open task.
CREATE INDEX tasks_state ON warehouse.tasks (state, id);

CREATE TABLE warehouse.lines (
    task     uuid NOT NULL REFERENCES warehouse.tasks,
    sku      text NOT NULL CHECK (sku <> ''),
    name     text NOT NULL,
    place    text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    picked   bigint NOT NULL DEFAULT 0 CHECK (picked >= 0),
    -- What was not on the shelf.
    short    bigint NOT NULL DEFAULT 0 CHECK (short >= 0),
    CHECK (picked + short <= quantity),
    PRIMARY KEY (task, sku)
);
