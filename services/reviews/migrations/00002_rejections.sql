-- Whose reviews of which product a moderator rejected: what they write of it next goes to a moderator, until one publishes it.
-- A row of its own, for the review may be changed, replaced or removed by its author.
CREATE TABLE reviews.rejections (
    sku       text NOT NULL,
    author_id text NOT NULL,
    PRIMARY KEY (sku, author_id)
);

-- By whatever hand a review is rejected: the release from before, which does not know the table, included.
CREATE FUNCTION reviews.note_rejection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reviews.rejections (sku, author_id) VALUES (NEW.sku, NEW.author_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER note_rejection AFTER UPDATE OF state ON reviews.reviews
    FOR EACH ROW WHEN (NEW.state = 'rejected') EXECUTE FUNCTION reviews.note_rejection();

-- After the trigger, which keeps writers out: none is missed.
INSERT INTO reviews.rejections (sku, author_id) SELECT DISTINCT sku, author_id FROM reviews.reviews WHERE state = 'rejected';
