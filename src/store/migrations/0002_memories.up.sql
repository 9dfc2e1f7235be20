-- What Hearth was asked to keep: memories with their words and vectors, timers, list items.
-- `seq` is twice the time and counter of the id, as in `audit`: order of rows is order of events, and an id is
-- found by its row without an index of its own.

CREATE TABLE memories (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK (length(id) = 16),
    principal TEXT NOT NULL,
    -- What it is about: 'note' until memory says more (area or sector).
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    -- Where it comes from: 'said', a file, a tool.
    source TEXT NOT NULL,
    -- BCP 47 tag of the text's language, where it is known.
    language TEXT,
    at_ms INTEGER NOT NULL,
    -- Symmetric int8, one byte a dimension: a cosine needs no scale. Brute force over these is exact and, up to
    -- some ten thousand rows, cheaper than an index. Made from the text, so it may be missing and be made later.
    vector BLOB CHECK (vector IS NULL OR length(vector) = 384),
    -- The model that made the vector; vectors of different models are never compared.
    model TEXT CHECK ((model IS NULL) = (vector IS NULL))
) STRICT;

-- External content, kept in step by the triggers: a memory is found as soon as it is acknowledged.
CREATE VIRTUAL TABLE memories_fts USING fts5 (
    text, content = 'memories', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER memories_are_found AFTER INSERT ON memories
BEGIN
    INSERT INTO memories_fts (rowid, text) VALUES (new.seq, new.text);
END;

CREATE TRIGGER memories_are_forgotten AFTER DELETE ON memories
BEGIN
    INSERT INTO memories_fts (memories_fts, rowid, text) VALUES ('delete', old.seq, old.text);
END;

CREATE TRIGGER memories_are_corrected AFTER UPDATE OF text ON memories
BEGIN
    INSERT INTO memories_fts (memories_fts, rowid, text) VALUES ('delete', old.seq, old.text);
    INSERT INTO memories_fts (rowid, text) VALUES (new.seq, new.text);
END;

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
