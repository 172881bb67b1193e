-- +goose NO TRANSACTION
-- +goose Up
-- What the books read of sagas that ended, in the order in which they did (services/internal/changes). Those that did not are few.
CREATE INDEX CONCURRENTLY IF NOT EXISTS sagas_ended ON checkout.sagas (changed_at, id) WHERE state IN ('placed', 'undone');
