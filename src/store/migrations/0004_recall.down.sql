-- Back to version 3: memories keep their words; their owners, ends, vectors, facts and documents go.

DROP TABLE documents;
DROP TABLE facts;
DROP TABLE memory_vectors;
DROP TABLE memory_trigrams;
DROP TABLE memory_words;
DROP INDEX memories_by_ref;
DROP INDEX memories_by_hash;
DROP INDEX memories_by_end;
DROP INDEX memories_replaced;
DROP TRIGGER memories_added;
DROP TRIGGER memories_added_unspaced;
DROP TRIGGER memories_removed;
DROP TRIGGER memories_removed_unspaced;
DROP TRIGGER memories_keep_their_words;
ALTER TABLE memories RENAME TO memories_of_3;
