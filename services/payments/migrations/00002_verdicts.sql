-- +goose Up
-- When checkout is asked next what became of the saga of a payment that has no order, and how often it did not know. A saga has
-- ten minutes for its payment; most have their order by then, and are never asked for.
ALTER TABLE payments.payments ADD COLUMN ask_at timestamptz NOT NULL DEFAULT now() + interval '15 minutes';
ALTER TABLE payments.payments ADD COLUMN asked integer NOT NULL DEFAULT 0;
