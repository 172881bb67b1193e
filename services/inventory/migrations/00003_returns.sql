-- +goose Up
-- Goods that came back, each acceptance once.
CREATE TABLE inventory.returns (
    acceptance uuid PRIMARY KEY,
    order_id   uuid NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);
