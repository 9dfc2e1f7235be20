-- Back to an empty file: everything of version 1 goes.

DROP TABLE device_states;
DROP TABLE audit;
DROP TABLE messages_fts;
DROP TABLE messages;
DROP TABLE sessions;
DROP TABLE meta;

PRAGMA user_version = 0;
