-- +goose Up
-- Who was erased, as SHA-256: an order of theirs that is told of late has no customer. From it nobody learns who it was.
CREATE TABLE loyalty.erased (
    customer_hash bytea PRIMARY KEY,
    at            timestamptz NOT NULL DEFAULT now()
);
