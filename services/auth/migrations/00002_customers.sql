-- +goose Up
-- Customers who sign in. What else there is to know of them is in customers.
CREATE TABLE auth.credentials (
    -- The subject of their tokens.
    id         uuid PRIMARY KEY,
    -- As it is compared, and as the customer spelled it: mail goes there.
    mail_key   text NOT NULL UNIQUE,
    mail       text NOT NULL,
    -- argon2id, in the form of PHC.
    hash       text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now()
);

-- A login, from the password to its end.
CREATE TABLE auth.sessions (
    id         uuid PRIMARY KEY,
    account    uuid NOT NULL REFERENCES auth.credentials ON DELETE CASCADE,
    -- What the customer's device calls itself; may be empty.
    device     text NOT NULL,
    made_at    timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL
);
CREATE INDEX sessions_account ON auth.sessions (account, id);
CREATE INDEX sessions_end ON auth.sessions (ends_at);

-- The refresh tokens of a session, by hash: one that was used is kept, so that its second use is noticed.
CREATE TABLE auth.refresh_tokens (
    hash     bytea PRIMARY KEY,
    session  uuid NOT NULL REFERENCES auth.sessions ON DELETE CASCADE,
    -- What the next token is made of, together with this one: who sends this one again because the answer was lost gets the same.
    nonce    bytea NOT NULL,
    used_at  timestamptz
);
CREATE INDEX refresh_tokens_session ON auth.refresh_tokens (session);

-- Mails with a link that lets somebody set a password. The link's secret is kept, for it goes into the mail, until the mail is made.
CREATE TABLE auth.mails (
    id       uuid PRIMARY KEY,
    kind     text NOT NULL CHECK (kind IN ('registration', 'known', 'reset', 'unknown')),
    mail_key text NOT NULL,
    mail     text NOT NULL,
    locale   text NOT NULL,
    -- The link's secret, and how it is found; a mail that only tells has none.
    secret   text,
    hash     bytea UNIQUE,
    made_at  timestamptz NOT NULL,
    ends_at  timestamptz NOT NULL
);
CREATE INDEX mails_end ON auth.mails (ends_at);
CREATE INDEX mails_key ON auth.mails (mail_key);
