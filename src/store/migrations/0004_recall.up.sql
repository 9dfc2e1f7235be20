-- Memories with whose they are, what they are for and when they end; words with stems and trigrams; facts, documents.
-- `person` '' is the household, `chat` '' is every chat: what a reader may see is part of every query.

DROP TABLE memories_fts;
DROP TRIGGER memories_are_found;
DROP TRIGGER memories_are_forgotten;
DROP TRIGGER memories_are_corrected;
ALTER TABLE memories RENAME TO memories_of_2;

CREATE TABLE memories (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    -- The name that an import gave it; unique with its person and chat.
    ref TEXT,
    person TEXT NOT NULL,
    chat TEXT NOT NULL,
    area TEXT NOT NULL CHECK (area IN ('main', 'fragments', 'solutions', 'instruments')),
    sector TEXT NOT NULL CHECK (sector IN ('episodic', 'semantic', 'procedural', 'reflective')),
    class TEXT NOT NULL CHECK (class IN ('public', 'internal', 'private')),
    text TEXT NOT NULL,
    speaker TEXT NOT NULL,
    session TEXT NOT NULL,
    source TEXT NOT NULL,
    language TEXT NOT NULL,
    said_ms INTEGER NOT NULL,
    -- The day of said_ms in words, so that words find it.
    day TEXT NOT NULL,
    stored_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    held INTEGER NOT NULL CHECK (held IN (0, 1)),
    importance REAL NOT NULL CHECK (importance BETWEEN 0 AND 1),
    replaced_by INTEGER REFERENCES memories (seq) ON DELETE SET NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 16)
) STRICT;

CREATE UNIQUE INDEX memories_by_ref ON memories (person, chat, ref) WHERE ref IS NOT NULL;
CREATE INDEX memories_by_hash ON memories (hash);
CREATE INDEX memories_by_end ON memories (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX memories_replaced ON memories (replaced_by) WHERE replaced_by IS NOT NULL;

-- External content: the words only.
CREATE VIRTUAL TABLE memory_words USING fts5 (
    text, speaker, day, content = 'memories', content_rowid = 'seq', tokenize = 'porter unicode61 remove_diacritics 2'
);
-- Scripts without spaces between words: three characters at a time.
CREATE VIRTUAL TABLE memory_trigrams USING fts5 (
    text, content = 'memories', content_rowid = 'seq', tokenize = 'trigram'
);

CREATE TRIGGER memories_added AFTER INSERT ON memories BEGIN
    INSERT INTO memory_words (rowid, text, speaker, day) VALUES (new.seq, new.text, new.speaker, new.day);
END;
CREATE TRIGGER memories_added_unspaced AFTER INSERT ON memories WHEN new.language IN ('zh', 'ja') BEGIN
    INSERT INTO memory_trigrams (rowid, text) VALUES (new.seq, new.text);
END;
CREATE TRIGGER memories_removed AFTER DELETE ON memories BEGIN
    INSERT INTO memory_words (memory_words, rowid, text, speaker, day)
    VALUES ('delete', old.seq, old.text, old.speaker, old.day);
END;
CREATE TRIGGER memories_removed_unspaced AFTER DELETE ON memories WHEN old.language IN ('zh', 'ja') BEGIN
    INSERT INTO memory_trigrams (memory_trigrams, rowid, text) VALUES ('delete', old.seq, old.text);
END;
CREATE TRIGGER memories_keep_their_words BEFORE UPDATE OF text, speaker, day, language ON memories BEGIN
    SELECT RAISE (ABORT, 'a memory is replaced, not rewritten');
END;

-- One scale (little-endian f32) and one signed byte for each dimension.
CREATE TABLE memory_vectors (
    seq INTEGER PRIMARY KEY REFERENCES memories (seq) ON DELETE CASCADE,
    vector BLOB NOT NULL
) STRICT;

-- What is so: the newest row of a key counts, older ones are its history.
CREATE TABLE facts (
    seq INTEGER PRIMARY KEY,
    person TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    source TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX facts_by_key ON facts (person, key, seq);

-- One working context for each agent and person, and what else has one text under one name.
CREATE TABLE documents (
    name TEXT NOT NULL,
    person TEXT NOT NULL,
    text TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (name, person)
) STRICT, WITHOUT ROWID;

INSERT INTO memories (seq, id, person, chat, area, sector, class, text, speaker, session, source, language, said_ms,
    day, stored_ms, held, importance, hash)
SELECT seq, id, '', '', 'main', 'episodic', 'internal', text, '', '', source, coalesce(language, ''), at_ms,
    '', at_ms, 0, 0.5, randomblob(16) FROM memories_of_2 ORDER BY seq;
DROP TABLE memories_of_2;

PRAGMA user_version = 4;
