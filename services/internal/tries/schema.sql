-- What went wrong lately, by whom or about what: see package tries. Run again on a
-- schema that has it, it changes nothing.
CREATE TABLE IF NOT EXISTS tries (
    -- A hash: what was typed is nobody's business here.
    bucket bytea NOT NULL,
    at     timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS tries_bucket_at ON tries (bucket, at);
CREATE INDEX IF NOT EXISTS tries_at ON tries (at);
