-- +goose Up
-- Goods that came back. They are credited by their lines; their refund is not credited again.
CREATE TABLE invoicing.returns (
    acceptance     uuid PRIMARY KEY,
    order_id       uuid NOT NULL,
    -- [{line, quantity}], by the lines of the order and its invoice.
    lines          json NOT NULL,
    shipping_minor bigint NOT NULL CHECK (shipping_minor >= 0),
    -- What is given back, shipping included.
    gross_minor    bigint NOT NULL CHECK (gross_minor >= 0),
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    credited       boolean NOT NULL DEFAULT false
);
CREATE INDEX returns_order ON invoicing.returns (order_id);

-- Of a refund that belongs to a return: which one. It is no money of its own.
ALTER TABLE invoicing.refunds ADD COLUMN return_id uuid;
