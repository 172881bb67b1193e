-- +goose Up
CREATE TABLE auth.staff (
    id      uuid PRIMARY KEY,
    -- As it is compared: in lower case and composed form.
    name    text NOT NULL UNIQUE,
    -- argon2id, in the form of PHC: parameters, salt and hash.
    hash    text NOT NULL,
    scopes  text[] NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
-- The keys that tokens are signed with. No other role reads this schema, and this service tells the public half alone.
CREATE TABLE auth.keys (
    id          text PRIMARY KEY,
    -- A private JSON Web Key.
    private     text NOT NULL,
    signs_from  timestamptz NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT now()
);
-- Logins that failed, by name and minute, over all replicas. A hash of the name, for it may be what somebody mistyped.
CREATE TABLE auth.failures (
    name   bytea NOT NULL,
    minute timestamptz NOT NULL,
    count  integer NOT NULL,
    PRIMARY KEY (name, minute)
);
CREATE INDEX failures_minute ON auth.failures (minute);
