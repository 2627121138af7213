-- Locks: a channel in which nobody may write or speak for a while, and exactly what was changed for that.

-- One row for each time that a channel was locked, written before Discord is asked (`pending`); at most one of each
-- stands. `failed` never was locked; `opened` is over. `unlock_at` is none until somebody unlocks by hand. Names are
-- kept as they were. `source` is the interaction or message behind it, `unlock_source` the one behind its end, where
-- that was no time. `notice` is the message that says so in the channel. `unclosed` are bits that could not be denied;
-- `synced` is set where the channel had its category's permissions.
CREATE TABLE channel_lock (
    id INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    channel_name TEXT NOT NULL,
    place TEXT NOT NULL CHECK (place IN ('text', 'forum', 'voice', 'thread')),
    locked_by INTEGER NOT NULL,
    locked_by_name TEXT NOT NULL,
    locked_at INTEGER NOT NULL,
    unlock_at INTEGER,
    message TEXT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'locked', 'opening', 'failed', 'opened')),
    words TEXT,
    ended_at INTEGER,
    source INTEGER NOT NULL,
    unlock_source INTEGER,
    notice INTEGER,
    unclosed INTEGER NOT NULL,
    synced INTEGER NOT NULL,
    CHECK ((ended_at IS NOT NULL) = (state IN ('failed', 'opened')))
) STRICT;
CREATE UNIQUE INDEX channel_lock_standing ON channel_lock (channel) WHERE ended_at IS NULL;
CREATE INDEX channel_lock_guild ON channel_lock (guild, ended_at);
CREATE INDEX channel_lock_source ON channel_lock (source);
CREATE INDEX channel_lock_unlock ON channel_lock (unlock_source) WHERE unlock_source IS NOT NULL;

-- The overwrites that a lock changed: as they were (whether there was one, what it allowed and denied), which bits were
-- turned to what, and which of these somebody else had changed when the lock was taken back.
CREATE TABLE channel_lock_overwrite (
    lock INTEGER NOT NULL REFERENCES channel_lock (id) ON DELETE CASCADE,
    target INTEGER NOT NULL,
    for_member INTEGER NOT NULL CHECK (for_member IN (0, 1)),
    existed INTEGER NOT NULL CHECK (existed IN (0, 1)),
    allow_before INTEGER NOT NULL,
    deny_before INTEGER NOT NULL,
    allow_set INTEGER NOT NULL,
    deny_set INTEGER NOT NULL,
    left_bits INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (lock, target, for_member)
) STRICT, WITHOUT ROWID;
