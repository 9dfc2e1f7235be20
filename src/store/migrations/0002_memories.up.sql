-- What Hearth was asked to keep: memories with their words and vectors, timers, list items.
-- `seq` is twice the time and counter of the id, as in `audit`: order of rows is order of events, and an id is
-- found by its row without an index of its own.

CREATE TABLE timers (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    principal TEXT NOT NULL,
    -- Where it rings: the session that set it.
    session TEXT NOT NULL,
    name TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE list_items (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    principal TEXT NOT NULL,
    list TEXT NOT NULL,
    text TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    done_ms INTEGER
) STRICT;

PRAGMA user_version = 2;
