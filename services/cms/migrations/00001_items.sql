-- +goose Up
CREATE TABLE cms.items (
    -- UUIDv7: in the order in which they are made.
    id         uuid PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    -- Rises with each change; the ETag is made of it.
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);
