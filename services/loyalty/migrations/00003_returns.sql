-- +goose Up
-- Goods that came back, each acceptance once: they take back what they earned.
CREATE TABLE loyalty.returns (
    acceptance  uuid PRIMARY KEY,
    order_id    uuid NOT NULL,
    gross_minor bigint NOT NULL CHECK (gross_minor >= 0),
    net_minor   bigint NOT NULL CHECK (net_minor >= 0)
);
CREATE INDEX returns_order ON loyalty.returns (order_id);

-- Of a refund that belongs to a return: which one. It takes nothing back by itself.
ALTER TABLE loyalty.refunds ADD COLUMN return_id uuid;
