-- +goose Up
-- What is sold in several variants: a group, with the options that tell its variants apart. A variant is a product like any other,
-- so whatever is known by SKU (price, stock, carts) is its own.
CREATE TABLE catalog.groups (
    slug    text PRIMARY KEY,
    name    text NOT NULL,
    -- [{"name": "colour", "values": ["white", "black"]}], in the order in which they are shown.
    options jsonb NOT NULL,
    -- Rises with each change of what stands here, and with none of its variants.
    version bigint NOT NULL DEFAULT 1
);

CREATE TRIGGER groups_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.groups
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.tell();

ALTER TABLE catalog.products ADD COLUMN gtin text;
ALTER TABLE catalog.products ADD COLUMN variant_of text REFERENCES catalog.groups;
-- {"colour": "white", "size": "M"}: a value of each of the group's options.
ALTER TABLE catalog.products ADD COLUMN options jsonb;
