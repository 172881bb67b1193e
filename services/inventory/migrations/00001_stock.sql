-- +goose Up
-- Every hold writes the row of its product: room on the page keeps its new versions there.
CREATE TABLE inventory.stock (
    sku       text PRIMARY KEY,
    -- The sum of the product's movements.
    on_hand   bigint NOT NULL DEFAULT 0,
    -- The sum of what open holds took.
    reserved  bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    -- How many are reserved and not there any more, because a movement took them off the shelf. A hold never adds to it.
    short     bigint NOT NULL DEFAULT 0 CHECK (short >= 0),
    -- What is made when it is ordered.
    unlimited boolean NOT NULL DEFAULT false,
    -- A carton has no stock of its own: it takes so many of its piece.
    piece     text REFERENCES inventory.stock,
    pieces    bigint,
    -- Rises when unlimited changes; the ETag is made of it.
    version   bigint NOT NULL DEFAULT 1,
    CONSTRAINT never_oversold CHECK (unlimited OR (on_hand >= 0 AND reserved <= on_hand + short)),
    CONSTRAINT carton CHECK ((piece IS NULL AND pieces IS NULL) OR (piece <> sku AND pieces > 0 AND on_hand = 0 AND reserved = 0 AND NOT unlimited))
) WITH (fillfactor = 50);

CREATE TABLE inventory.holds (
    id         uuid PRIMARY KEY,
    -- A checkout holds once, under whatever key it asks.
    saga       uuid NOT NULL CONSTRAINT one_hold_a_saga UNIQUE,
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'released', 'committed', 'cancelled')),
    -- Why it was released.
    reason     text CHECK (reason IN ('undone', 'expired')),
    order_id   uuid CONSTRAINT one_hold_an_order UNIQUE,
    -- Valid while now is before that.
    expires_at timestamptz NOT NULL,
    -- When checkout is asked what became of the saga, and how often it did not know.
    ask_at     timestamptz NOT NULL,
    asked      integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'released') = (reason IS NOT NULL)),
    CHECK (state <> 'committed' OR order_id IS NOT NULL)
);
CREATE INDEX holds_to_ask ON inventory.holds (ask_at) WHERE state = 'open';

CREATE TABLE inventory.hold_lines (
    hold     uuid NOT NULL REFERENCES inventory.holds,
    sku      text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    -- Of which product that took how many: of a carton its pieces, as it was packed then.
    taken    text NOT NULL,
    units    bigint NOT NULL CHECK (units >= quantity),
    -- How many were not there when the order was placed.
    missing  bigint NOT NULL DEFAULT 0 CHECK (missing BETWEEN 0 AND units),
    PRIMARY KEY (hold, sku)
);
CREATE INDEX hold_lines_taken ON inventory.hold_lines (taken) INCLUDE (hold, units);

-- The ledger: what came and went. Nothing in it is changed or removed.
CREATE TABLE inventory.movements (
    id       uuid PRIMARY KEY,
    sku      text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity <> 0),
    reason   text NOT NULL CHECK (reason IN ('received', 'counted', 'damaged', 'corrected', 'sold', 'cancelled')),
    hold     uuid REFERENCES inventory.holds,
    -- Who of the staff.
    staff    text,
    at       timestamptz NOT NULL DEFAULT now(),
    CHECK ((reason IN ('sold', 'cancelled')) = (hold IS NOT NULL)),
    -- A hold is sold once, and comes back once.
    CONSTRAINT once_a_hold UNIQUE (hold, sku, reason)
);
CREATE INDEX movements_sku ON inventory.movements (sku, id) INCLUDE (quantity);

-- Orders that were cancelled before they were heard of.
CREATE TABLE inventory.cancellations (
    order_id uuid PRIMARY KEY,
    restock  boolean NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);

-- What was told last of each product, so that a change is told once a second at most.
CREATE TABLE inventory.told (
    sku       text PRIMARY KEY,
    available bigint NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION inventory.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only added to: correct it with another movement';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory.movements
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse();
