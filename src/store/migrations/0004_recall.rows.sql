-- The rows of the table of version 4 into that of version 3.

INSERT INTO memories (seq, id, principal, kind, text, source, language, at_ms)
SELECT seq, id, person, 'note', text, source, nullif(language, ''), said_ms FROM memories_of_3
WHERE replaced_by IS NULL ORDER BY seq;
DROP TABLE memories_of_3;

PRAGMA user_version = 3;
