-- Timers as people set them: where, for how long, with what command at the end, and what a paused one has left.

ALTER TABLE timers ADD COLUMN area TEXT NOT NULL DEFAULT '';
-- What it was set for, in seconds; 0 where that is not known.
ALTER TABLE timers ADD COLUMN span_s INTEGER NOT NULL DEFAULT 0;
-- The command at its end, in the words that were said; empty for one that only rings.
ALTER TABLE timers ADD COLUMN command TEXT NOT NULL DEFAULT '';
-- Whether the name is a message («call mum») and not what the timer is called.
ALTER TABLE timers ADD COLUMN reminder INTEGER NOT NULL DEFAULT 0 CHECK (reminder IN (0, 1));
-- Seconds left while it is paused; `due_ms` counts where this is NULL.
ALTER TABLE timers ADD COLUMN held_s INTEGER;

PRAGMA user_version = 5;
