ALTER TABLE timers DROP COLUMN held_s;
ALTER TABLE timers DROP COLUMN reminder;
ALTER TABLE timers DROP COLUMN command;
ALTER TABLE timers DROP COLUMN span_s;
ALTER TABLE timers DROP COLUMN area;

PRAGMA user_version = 4;
