-- Sessions, messages with their word index, audit records, device states.
-- Integers ending in _ms are milliseconds since 1970 (UTC); ids are UUIDv7 blobs, whose order is the order of events.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    principal TEXT NOT NULL,
    channel TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    session INTEGER NOT NULL REFERENCES sessions (id),
    role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'tool', 'system')),
    text TEXT NOT NULL,
    trace BLOB CHECK (trace IS NULL OR length(trace) = 16),
    at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX messages_by_session ON messages (session, seq);

-- External content: the words only. Filled in batches (limits::SEARCH_BATCH), which costs less flash.
CREATE VIRTUAL TABLE messages_fts USING fts5 (
    text, content = 'messages', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
);

-- A call has one begin and one end. `seq` is twice the time and counter of the call id (its first 64 bits
-- without the version), plus 1 for the end: a rowid table that only grows at its end writes the fewest pages.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    call BLOB CHECK (seq % 2 = 1 OR length(call) = 16),
    tool TEXT CHECK (seq % 2 = 1 OR tool IS NOT NULL),
    principal TEXT CHECK (seq % 2 = 1 OR principal IS NOT NULL),
    trace BLOB CHECK (seq % 2 = 1 OR length(trace) = 16),
    args TEXT CHECK (seq % 2 = 1 OR args IS NOT NULL),
    decision TEXT CHECK (seq % 2 = 1 OR decision IN ('allow', 'ask', 'refuse')),
    reason TEXT CHECK (seq % 2 = 1 OR reason IS NOT NULL),
    outcome INTEGER CHECK (seq % 2 = 0 OR outcome IS NOT NULL),
    detail TEXT CHECK (seq % 2 = 0 OR detail IS NOT NULL),
    took_us INTEGER CHECK (seq % 2 = 0 OR took_us IS NOT NULL)
) STRICT;

CREATE INDEX audit_by_trace ON audit (trace) WHERE trace IS NOT NULL;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE (ABORT, 'audit records are append-only');
END;

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE (ABORT, 'audit records are append-only');
END;

CREATE TABLE device_states (
    entity TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (json_valid(state)),
    at_ms INTEGER NOT NULL,
    source TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;
