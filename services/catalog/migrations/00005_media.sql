-- +goose Up
-- Which pictures of media a product has, the first one first: [{"hash", "width", "height", "alt"}]. None: the catalog draws it.
ALTER TABLE catalog.products ADD COLUMN media jsonb NOT NULL DEFAULT '[]';
