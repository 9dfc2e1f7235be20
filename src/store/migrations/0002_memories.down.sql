-- Back to version 1: memories, timers and list items go.

DROP TABLE list_items;
DROP TABLE timers;
DROP TABLE memories_fts;
DROP TABLE memories;

PRAGMA user_version = 1;
