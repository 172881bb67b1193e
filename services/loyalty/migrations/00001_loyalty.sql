-- +goose Up
-- Who has points. The row is what everybody locks who changes them.
CREATE TABLE loyalty.accounts (
    customer text PRIMARY KEY CHECK (customer <> ''),
    -- When points of the account expire next; infinity is never.
    sweep_at timestamptz NOT NULL DEFAULT 'infinity'
);
CREATE INDEX accounts_sweep ON loyalty.accounts (sweep_at) WHERE sweep_at < 'infinity';

-- Every point that was ever given or taken. Its sums are the balances; nothing else is.
CREATE TABLE loyalty.points (
    id         uuid PRIMARY KEY,
    customer   text NOT NULL REFERENCES loyalty.accounts,
    kind       text NOT NULL CHECK (kind IN ('earned', 'taken-back', 'spent', 'returned', 'expired', 'corrected')),
    points     bigint NOT NULL CHECK (points <> 0),
    order_id   uuid,
    -- Of what was given: when it expires.
    expires_at timestamptz,
    reason     text NOT NULL DEFAULT '',
    -- Which member of staff, for corrections.
    staff      text NOT NULL DEFAULT '',
    at         timestamptz NOT NULL,
    CHECK ((points > 0) = (expires_at IS NOT NULL)),
    CHECK (kind <> 'corrected' OR (reason <> '' AND staff <> ''))
);
CREATE INDEX points_customer ON loyalty.points (customer, id);
CREATE INDEX points_order ON loyalty.points (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE loyalty.tiers (
    name   text PRIMARY KEY,
    -- From how many points of the last 12 months on.
    points bigint NOT NULL UNIQUE CHECK (points >= 0)
);
INSERT INTO loyalty.tiers (name, points) VALUES ('bronze', 0), ('silver', 500), ('gold', 2000);

-- What is known of orders: what they earn, and which of it was taken back.
CREATE TABLE loyalty.orders (
    id          uuid PRIMARY KEY,
    -- NULL until the order was told of: what became of it may come first.
    saga        uuid UNIQUE,
    -- Empty is a guest.
    customer    text NOT NULL DEFAULT '',
    currency    text NOT NULL DEFAULT 'EUR',
    goods_minor bigint NOT NULL DEFAULT 0 CHECK (goods_minor >= 0),
    net_minor   bigint NOT NULL DEFAULT 0 CHECK (net_minor >= 0),
    paid        boolean NOT NULL DEFAULT false,
    cancelled   boolean NOT NULL DEFAULT false
);

-- What the provider gave back, each refund once. By saga: a refund may be told of before the order.
CREATE TABLE loyalty.refunds (
    refund       uuid PRIMARY KEY,
    saga         uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0)
);
CREATE INDEX refunds_saga ON loyalty.refunds (saga);

CREATE TABLE loyalty.cards (
    id         uuid PRIMARY KEY,
    -- SHA-256 of the code: who reads this table cannot pay with it.
    code_hash  bytea NOT NULL UNIQUE,
    -- The last four characters, for people.
    ending     text NOT NULL,
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    closed     boolean NOT NULL DEFAULT false,
    version    bigint NOT NULL DEFAULT 1,
    -- The order that bought it, if one did.
    order_id   uuid,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Every cent that was ever put on a card or taken from it. Its sums are the balances.
CREATE TABLE loyalty.card_entries (
    id           uuid PRIMARY KEY,
    card         uuid NOT NULL REFERENCES loyalty.cards,
    kind         text NOT NULL CHECK (kind IN ('issued', 'redeemed', 'returned', 'closed')),
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    hold         uuid,
    at           timestamptz NOT NULL
);
CREATE INDEX card_entries_card ON loyalty.card_entries (card, id);

-- The points and cards of one checkout, all of them or none.
CREATE TABLE loyalty.holds (
    id         uuid PRIMARY KEY,
    saga       uuid NOT NULL UNIQUE,
    state      text NOT NULL CHECK (state IN ('reserved', 'committed', 'released', 'returned')),
    order_id   uuid UNIQUE,
    customer   text NOT NULL DEFAULT '',
    points     bigint NOT NULL DEFAULT 0 CHECK (points >= 0),
    -- When checkout is asked what became of its saga, and how often it did not know.
    ask_at     timestamptz NOT NULL DEFAULT now() + interval '15 minutes',
    asked      integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (points = 0 OR customer <> '')
);
CREATE INDEX holds_to_ask ON loyalty.holds (ask_at) WHERE state = 'reserved';
CREATE INDEX holds_customer ON loyalty.holds (customer) WHERE state = 'reserved' AND points > 0;

CREATE TABLE loyalty.hold_cards (
    hold         uuid NOT NULL REFERENCES loyalty.holds,
    -- In the order in which they pay; what comes back goes the other way.
    position     integer NOT NULL,
    card         uuid NOT NULL REFERENCES loyalty.cards,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL,
    back_minor   bigint NOT NULL DEFAULT 0 CHECK (back_minor BETWEEN 0 AND amount_minor),
    PRIMARY KEY (hold, position),
    UNIQUE (hold, card)
);
