-- +goose Up
-- What mails about an order must know.
CREATE TABLE notifications.orders (
    id      uuid PRIMARY KEY,
    saga    uuid NOT NULL UNIQUE,
    known   jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
-- What happened to orders that are not known yet: the events of payments and of orders come in any order.
CREATE TABLE notifications.waiting (
    id      uuid PRIMARY KEY,
    order_id uuid,
    saga    uuid,
    notice  jsonb NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    CHECK (order_id IS NOT NULL OR saga IS NOT NULL)
);
CREATE INDEX waiting_order ON notifications.waiting (order_id);
CREATE INDEX waiting_saga ON notifications.waiting (saga);
CREATE TABLE notifications.mails (
    id         uuid PRIMARY KEY,
    order_id   uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('placed', 'paid', 'sent', 'cancelled', 'refunded')),
    -- Which refund; empty for the other kinds.
    about      text NOT NULL DEFAULT '',
    recipient  text NOT NULL,
    name       text NOT NULL,
    locale     text NOT NULL,
    subject    text NOT NULL,
    text       text NOT NULL,
    message_id text NOT NULL UNIQUE,
    made_at    timestamptz NOT NULL,
    -- NULL until a server has accepted it.
    sent_at    timestamptz,
    -- One mail for each thing that happened, whatever comes twice.
    UNIQUE (order_id, kind, about)
);
CREATE INDEX mails_recipient ON notifications.mails (recipient, id);
CREATE INDEX mails_unsent ON notifications.mails (id) WHERE sent_at IS NULL;
