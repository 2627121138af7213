-- The roster: who is of the staff, and how they are there. Of nobody else a presence is stored.

-- One row for each entry. `user` is none until somebody's account is linked. Who is on it because of a role of theirs
-- has it in `role`, and goes with it unless they were added `by_hand`; a `rank` that was given goes before the role's.
-- What ranks look like stands in the configuration. `leave_until` is none for an absence without an end. `here` says
-- whether they are in the guild, as far as anybody knows; `status` and the two texts are what Discord told last, and
-- `changed_at` is when that last was something new. Whether it can be trusted is no column: that follows from the
-- connection. Numbers are not given twice, because programs know entries by them.
CREATE TABLE roster (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild INTEGER NOT NULL,
    user INTEGER,
    name TEXT NOT NULL,
    role INTEGER,
    by_hand INTEGER NOT NULL CHECK (by_hand IN (0, 1)),
    rank TEXT,
    added_at INTEGER NOT NULL,
    leave_from INTEGER,
    leave_until INTEGER,
    here INTEGER CHECK (here IN (0, 1)),
    status TEXT CHECK (status IN ('online', 'idle', 'dnd', 'offline')),
    custom_status TEXT,
    activity TEXT,
    changed_at INTEGER,
    CHECK (by_hand = 1 OR role IS NOT NULL AND user IS NOT NULL),
    CHECK (leave_until IS NULL OR leave_from IS NOT NULL),
    CHECK (status IS NOT NULL OR custom_status IS NULL AND activity IS NULL)
) STRICT;
CREATE UNIQUE INDEX roster_member ON roster (guild, user) WHERE user IS NOT NULL;
CREATE INDEX roster_leave ON roster (leave_until) WHERE leave_until IS NOT NULL;
