-- Where the chain of audit records begins, once records were cut off its front: nothing else is ever deleted.

CREATE TABLE audit_cut (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    place INTEGER NOT NULL,
    link BLOB NOT NULL CHECK (length(link) = 32),
    at_ms INTEGER NOT NULL
) STRICT;

DROP TRIGGER audit_is_never_deleted;

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_cut WHERE place >= coalesce(old.place, 0))
BEGIN
    SELECT RAISE (ABORT, 'audit records are append-only');
END;

PRAGMA user_version = 6;
