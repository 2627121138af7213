-- What moderators put on record, and promises that tell their room how they ended.

-- `tells` is the room's own word for a promise whose end it wants to know of; none: nobody asks.
ALTER TABLE promise ADD COLUMN tells TEXT;

-- Cases: one gap-free series of numbers in each guild, for notes, warnings and everything done about a member. A row
-- is written before Discord is asked (`pending`) and says afterwards what Discord did; it is never deleted. `moderator`
-- is none where the bot acted by a rule of the configuration. `source` is the interaction, message or line of the audit
-- log behind it: none makes two cases, but for `part` 0 and 1. `ends_at` is when a timeout or ban ends and a warning
-- expires, `ended_at` when it was over before that or without it. `told`: 1 they were told, 0 they could not
-- be, none: nobody tried (yet). `link` is the message it is about. `undone_by` is the number of the case that took it
-- back (its own where that needed none). `revision` moves with every change; `log_message` shows `log_revision` of it.
CREATE TABLE moderation_case (
    guild INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('note', 'warn', 'timeout', 'untimeout', 'kick', 'ban', 'unban', 'softban')),
    user INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    moderator INTEGER,
    moderator_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    ends_at INTEGER,
    ended_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    words TEXT,
    told INTEGER CHECK (told IN (0, 1)),
    told_words TEXT,
    link TEXT,
    source INTEGER NOT NULL,
    part INTEGER NOT NULL DEFAULT 0,
    by_hand INTEGER NOT NULL DEFAULT 0,
    resolved_at INTEGER,
    resolved_by TEXT,
    resolution TEXT,
    hidden INTEGER NOT NULL DEFAULT 0,
    undone_by INTEGER,
    revision INTEGER NOT NULL DEFAULT 1,
    log_channel INTEGER,
    log_message INTEGER,
    log_revision INTEGER,
    PRIMARY KEY (guild, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX moderation_case_user ON moderation_case (guild, user, hidden, number);
CREATE UNIQUE INDEX moderation_case_source ON moderation_case (guild, source, part);
CREATE INDEX moderation_case_open ON moderation_case (guild, user, kind, number)
    WHERE resolved_at IS NULL AND undone_by IS NULL AND ended_at IS NULL AND state <> 'failed';

-- What became of cases after they were made: who resolved, reopened, edited, hid or took back which, and what stood
-- there before.
CREATE TABLE moderation_change (
    id INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    number INTEGER NOT NULL,
    what TEXT NOT NULL,
    actor INTEGER,
    actor_name TEXT NOT NULL,
    words TEXT NOT NULL,
    before TEXT,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX moderation_change_case ON moderation_change (guild, number, id);
