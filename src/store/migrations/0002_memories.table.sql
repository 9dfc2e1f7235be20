-- Memories as versions 2 and 3 have them; migration 4 leads back here.

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
