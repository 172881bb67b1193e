-- +goose Up
-- When checkout is asked next what became of the saga of coupons that it holds, and how often it did not know.
ALTER TABLE promotions.redemptions ADD COLUMN ask_at timestamptz NOT NULL DEFAULT now() + interval '15 minutes';
ALTER TABLE promotions.redemptions ADD COLUMN asked integer NOT NULL DEFAULT 0;
