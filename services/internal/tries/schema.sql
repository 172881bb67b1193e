-- What went wrong lately, by whom or about what: see package tries. Run again on a
-- schema that has it, it changes nothing. Version 1 called the table "tries", which
-- a release that still runs counts in, and which promotions had before in another shape.
CREATE TABLE IF NOT EXISTS wrong_tries (
    -- A hash: what was typed is nobody's business here.
    bucket bytea NOT NULL,
    at     timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS wrong_tries_bucket_at ON wrong_tries (bucket, at);
CREATE INDEX IF NOT EXISTS wrong_tries_at ON wrong_tries (at);
