-- Back to version 5, which knows no beginning but the first record: a chain that was cut does not fit there.

DROP TRIGGER audit_is_never_deleted;

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE (ABORT, 'audit records are append-only');
END;

DROP TABLE audit_cut;

PRAGMA user_version = 5;
