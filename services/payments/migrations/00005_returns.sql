-- +goose Up
-- The return that a refund is of: who credits it by its lines does not credit it by its amount as well.
ALTER TABLE payments.attempts ADD COLUMN return_id uuid;
