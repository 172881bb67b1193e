-- +goose Up
CREATE TABLE cms.pages (
    slug   text PRIMARY KEY CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    -- Number of the last version. Who writes one raises it, so two writers never have one number.
    latest integer NOT NULL CHECK (latest > 0)
);

CREATE TABLE cms.versions (
    -- UUIDv7: in the order in which they are made.
    id            uuid PRIMARY KEY,
    slug          text NOT NULL REFERENCES cms.pages,
    number        integer NOT NULL CHECK (number > 0),
    lang          text NOT NULL CHECK (lang ~ '^[a-z]{2}$'),
    title         text NOT NULL CHECK (title <> ''),
    markdown      text NOT NULL,
    -- Rendered and sanitised when it was written.
    html          text NOT NULL CHECK (html <> ''),
    created_at    timestamptz NOT NULL,
    -- Shown from, and until: the end is no part of it. NULL is a draft, and no end.
    publish_from  timestamptz,
    publish_until timestamptz,
    -- Rises with each change of the schedule; the ETag is made of it.
    revision      bigint NOT NULL DEFAULT 1,
    UNIQUE (slug, number),
    CONSTRAINT schedule CHECK (publish_until IS NULL OR (publish_from IS NOT NULL AND publish_from < publish_until))
);

CREATE INDEX versions_shown ON cms.versions (slug, lang, publish_from, number) WHERE publish_from IS NOT NULL;

-- Signs previews, for all replicas and releases. Who can read it can read the drafts, which is all that it opens.
CREATE TABLE cms.preview_key (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    secret bytea NOT NULL CHECK (length(secret) = 32)
);
INSERT INTO cms.preview_key (secret) VALUES (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

-- What a version says may have been agreed to: nobody changes it or takes it away, of whatever release and by whatever means.
-- +goose StatementBegin
CREATE FUNCTION cms.keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.id, NEW.slug, NEW.number, NEW.lang, NEW.title, NEW.markdown, NEW.html, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.slug, OLD.number, OLD.lang, OLD.title, OLD.markdown, OLD.html, OLD.created_at) THEN
        RAISE EXCEPTION 'a version of a page is never changed or deleted: write another one';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER versions_kept BEFORE UPDATE OR DELETE ON cms.versions FOR EACH ROW EXECUTE FUNCTION cms.keep();

-- Every replica answers from memory, and loads it anew when it is told.
-- +goose StatementBegin
CREATE FUNCTION cms.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Told with the commit, and once for each transaction.
    PERFORM pg_notify('cms_changed', '');
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER versions_changed AFTER INSERT OR UPDATE OR DELETE ON cms.versions
    FOR EACH STATEMENT EXECUTE FUNCTION cms.tell();
