-- +goose Up
-- What was read of the others' books, one row for each of theirs, without anything personal.
CREATE TABLE books.entries (
    -- orders, payments, charges, holds, redemptions, mails, sagas.
    book    text NOT NULL,
    id      text NOT NULL,
    -- What it is compared with: all entries of one checkout. What no checkout is known of stands alone, under its own id.
    subject text NOT NULL,
    fact    jsonb NOT NULL,
    -- In which reading of the whole book it was seen last: what a whole reading has not seen is gone.
    reading bigint NOT NULL,
    PRIMARY KEY (book, id)
);
CREATE INDEX entries_subject ON books.entries (subject);

-- Up to where each book was read.
CREATE TABLE books.positions (
    book       text PRIMARY KEY,
    -- Where to begin next time, as the last page said. Empty is the beginning.
    cursor     text NOT NULL DEFAULT '',
    -- Whether its end was reached once.
    complete   boolean NOT NULL DEFAULT false,
    -- Now and then all of it is read again: rises with each such reading.
    reading    bigint NOT NULL DEFAULT 1,
    -- Up to where this reading is, while there is one, and when the last one ended.
    again      boolean NOT NULL DEFAULT false,
    again_from text NOT NULL DEFAULT '',
    whole_at   timestamptz NOT NULL
);

-- What is to be compared, and when: at once what changed, later what is still under way.
CREATE TABLE books.due (
    subject text PRIMARY KEY,
    at      timestamptz NOT NULL
);
CREATE INDEX due_at ON books.due (at);

-- What does not balance, and did not. The id is made of the rest, so what is found again is the same.
CREATE TABLE books.violations (
    id          uuid PRIMARY KEY,
    rule        text NOT NULL,
    subject     text NOT NULL,
    object      text NOT NULL,
    detail      text NOT NULL,
    found_at    timestamptz NOT NULL,
    -- When it was gone; it may come back.
    resolved_at timestamptz,
    -- Staff know of it, and releases need not wait for it.
    accepted_at timestamptz,
    accepted_by text NOT NULL DEFAULT '',
    reason      text NOT NULL DEFAULT '',
    version     bigint NOT NULL DEFAULT 1,
    CHECK ((accepted_at IS NULL) = (reason = ''))
);
CREATE INDEX violations_subject ON books.violations (subject) WHERE resolved_at IS NULL;

-- The last comparison.
CREATE TABLE books.rounds (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    compared_at timestamptz NOT NULL,
    -- How many times something was compared, ever.
    compared    bigint NOT NULL
);
