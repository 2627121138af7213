-- Commands as each guild sets them, how often they run, and since when somebody is gone.

-- What a guild set otherwise than the program declares: a command that is off there, seconds between two runs by the
-- same member, the level from which on it may be used. None: as declared. A row that says nothing new is not kept.
CREATE TABLE command_rule (
    guild INTEGER NOT NULL,
    command TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    cooldown_seconds INTEGER CHECK (cooldown_seconds >= 0),
    level INTEGER CHECK (level > 0),
    PRIMARY KEY (guild, command)
) STRICT, WITHOUT ROWID;

-- How often each member used each command, how that ended and how long it took in all. `user` 0 is everybody whose
-- name was taken out.
CREATE TABLE command_usage (
    guild INTEGER NOT NULL,
    command TEXT NOT NULL,
    user INTEGER NOT NULL,
    usage_count INTEGER NOT NULL,
    ok INTEGER NOT NULL,
    denied INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    cooldown INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    fault INTEGER NOT NULL,
    total_ms INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (guild, command, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX command_usage_user ON command_usage (guild, user);

-- The same by civil day (in days since 1970) and without names, for the last weeks.
CREATE TABLE command_day (
    guild INTEGER NOT NULL,
    day INTEGER NOT NULL,
    command TEXT NOT NULL,
    usage_count INTEGER NOT NULL,
    ok INTEGER NOT NULL,
    denied INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    cooldown INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    fault INTEGER NOT NULL,
    total_ms INTEGER NOT NULL,
    PRIMARY KEY (guild, day, command)
) STRICT, WITHOUT ROWID;

-- When a member left, as far as the bot was told; none: they are here, or nobody knows since when they are gone.
ALTER TABLE member ADD COLUMN left_at INTEGER;
CREATE INDEX member_gone ON member (left_at) WHERE present = 0;
