-- +goose Up
-- Originals, as they were sent. None is ever answered: what is in their metadata stays here.
CREATE TABLE media.blobs (
    -- SHA-256 of content in hex: the address of its pictures, which never change.
    hash       text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    type       text NOT NULL,
    -- Of the picture the right way up, in pixels.
    width      int NOT NULL CHECK (width > 0),
    height     int NOT NULL CHECK (height > 0),
    alt        text NOT NULL DEFAULT '',
    content    bytea NOT NULL,
    -- Rises with each change of alt; the ETag is made of it.
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- Pictures are compressed: to try it once more costs time and gains nothing.
ALTER TABLE media.blobs ALTER COLUMN content SET STORAGE EXTERNAL;

-- What is answered: each is made once, by whoever is first, and stays as it is.
CREATE TABLE media.variants (
    hash       text NOT NULL REFERENCES media.blobs ON DELETE CASCADE,
    -- How wide it is, which may be less than was asked for: nothing is enlarged.
    width      int NOT NULL CHECK (width > 0),
    height     int NOT NULL CHECK (height > 0),
    format     text NOT NULL,
    content    bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hash, width, format)
);
ALTER TABLE media.variants ALTER COLUMN content SET STORAGE EXTERNAL;
