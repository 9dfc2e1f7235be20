-- The chain of audit records: the place in the order of writing, and a hash over the link before and the record.
-- Both are NULL in records from before there was a chain; the first link covers all of those.

ALTER TABLE audit ADD COLUMN place INTEGER;
ALTER TABLE audit ADD COLUMN link BLOB CHECK (link IS NULL OR length(link) = 32);

-- Grows at its end only, as the table does.
CREATE UNIQUE INDEX audit_by_place ON audit (place) WHERE place IS NOT NULL;

PRAGMA user_version = 3;
