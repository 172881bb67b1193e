-- +goose NO TRANSACTION
-- +goose Up
-- Points and codes of gift cards that a quote counts with, and whose they are. Beside the quote, which is shown to whoever knows its id; NULL
-- where there are none, and a day after the quote's end: codes are not kept for longer than they are needed.
ALTER TABLE checkout.quotes ADD COLUMN IF NOT EXISTS spends jsonb;
CREATE INDEX CONCURRENTLY IF NOT EXISTS quotes_spends ON checkout.quotes (expires_at) WHERE spends IS NOT NULL;
