-- The chain goes; the records stay.

DROP INDEX audit_by_place;
ALTER TABLE audit DROP COLUMN link;
ALTER TABLE audit DROP COLUMN place;

PRAGMA user_version = 2;
