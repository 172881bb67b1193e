-- +goose Up
-- Mails about accounts that auth wants sent. The link of such a mail lets whoever has it set a password, and staff reads the mails of this
-- service: so neither link nor text nor address is kept here. Who sends a mail asks auth for them then.
CREATE TABLE IF NOT EXISTS notifications.account_mails (
    -- auth's name of the mail.
    id      uuid PRIMARY KEY,
    made_at timestamptz NOT NULL,
    -- When it is tried next, and how often it was.
    next_at timestamptz NOT NULL,
    tries   integer NOT NULL DEFAULT 0,
    -- NULL until a server accepted it, or auth said that nobody wants it any more.
    done_at timestamptz
);
CREATE INDEX IF NOT EXISTS account_mails_open ON notifications.account_mails (next_at) WHERE done_at IS NULL;
