-- +goose Up
-- Whoever changes the range, of whatever release and by whatever means, tells every
-- replica: they answer from memory, and load it anew when they are told.

-- +goose StatementBegin
CREATE FUNCTION catalog.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Told with the commit, and once for each transaction, however much it changed.
    PERFORM pg_notify('catalog_changed', '');
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER products_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.products
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.tell();

CREATE TRIGGER categories_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog.categories
    FOR EACH STATEMENT EXECUTE FUNCTION catalog.tell();
