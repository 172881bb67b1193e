-- Which of two events of a review is newer says its version; what was counted before versions were told is older than all.
ALTER TABLE recommendations.reviews ADD COLUMN version bigint NOT NULL DEFAULT 0;

-- Reviews that count no more, as of which version: what an older one says comes too late. Kept for longer than the stream keeps events.
CREATE TABLE recommendations.withdrawn (
    review  uuid PRIMARY KEY,
    version bigint NOT NULL,
    noted   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX withdrawn_noted ON recommendations.withdrawn (noted);
