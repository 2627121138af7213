-- What programs of other systems put on record: cases about deeds that they did themselves, by whatever name they call
-- those, and what they tell of guilds and people whom the bot has not seen.

-- Such programs know a case by a number of its own, which no two guilds share: `id`, given in the order of the rows,
-- which are never deleted. `action` is what the program called its deed; none: the bot knows of it by itself. A deed
-- of a name that is none of ours is of the kind `other`.
CREATE TABLE moderation_case_with_id (
    id INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind IN ('note', 'warn', 'timeout', 'untimeout', 'kick', 'ban', 'unban', 'softban', 'other')
    ),
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
    action TEXT CHECK (action <> ''),
    UNIQUE (guild, number),
    CHECK (kind <> 'other' OR action IS NOT NULL)
) STRICT;
INSERT INTO moderation_case_with_id (
    guild, number, kind, user, user_name, moderator, moderator_name, reason, at, ends_at, ended_at, state, words, told,
    told_words, link, source, part, by_hand, resolved_at, resolved_by, resolution, hidden, undone_by, revision,
    log_channel, log_message, log_revision)
SELECT
    guild, number, kind, user, user_name, moderator, moderator_name, reason, at, ends_at, ended_at, state, words, told,
    told_words, link, source, part, by_hand, resolved_at, resolved_by, resolution, hidden, undone_by, revision,
    log_channel, log_message, log_revision
FROM moderation_case ORDER BY at, guild, number;
DROP TABLE moderation_case;
ALTER TABLE moderation_case_with_id RENAME TO moderation_case;
CREATE INDEX moderation_case_user ON moderation_case (guild, user, hidden, number);
CREATE UNIQUE INDEX moderation_case_source ON moderation_case (guild, source, part);
CREATE INDEX moderation_case_open ON moderation_case (guild, user, kind, number)
    WHERE resolved_at IS NULL AND undone_by IS NULL AND ended_at IS NULL AND state <> 'failed';

-- What a program tells of a guild: all that is known of one that the bot is not in, and what stands in place of
-- Discord's words for one that it is in. Without a name, Discord's stands.
CREATE TABLE told_guild (
    guild INTEGER PRIMARY KEY,
    name TEXT,
    icon_url TEXT,
    joined_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

-- What a program tells of somebody besides their name and picture, which are those in `member` until Discord tells
-- others.
CREATE TABLE told_user (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    discriminator TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;

-- Programs give by rules of their own, which may take away: an amount of theirs may be negative, or nothing.
CREATE TABLE kudos_of_any_amount (
    id INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    giver INTEGER NOT NULL,
    receiver INTEGER NOT NULL CHECK (receiver <> giver),
    amount INTEGER NOT NULL,
    reason TEXT CHECK (reason <> ''),
    giver_name TEXT NOT NULL,
    receiver_name TEXT,
    source INTEGER NOT NULL,
    channel INTEGER,
    message INTEGER,
    at INTEGER NOT NULL,
    undone_at INTEGER,
    undone_by INTEGER,
    undone_why TEXT CHECK (undone_why IN ('deleted', 'undo')),
    CHECK ((undone_at IS NULL) = (undone_why IS NULL)),
    CHECK ((undone_by IS NULL) = (undone_why IS NOT 'undo'))
) STRICT;
INSERT INTO kudos_of_any_amount (
    id, guild, giver, receiver, amount, reason, giver_name, receiver_name, source, channel, message, at, undone_at,
    undone_by, undone_why)
SELECT
    id, guild, giver, receiver, amount, reason, giver_name, receiver_name, source, channel, message, at, undone_at,
    undone_by, undone_why
FROM kudos ORDER BY id;
DROP TABLE kudos;
ALTER TABLE kudos_of_any_amount RENAME TO kudos;
CREATE UNIQUE INDEX kudos_source ON kudos (source, receiver);
CREATE INDEX kudos_message ON kudos (message) WHERE message IS NOT NULL AND undone_at IS NULL;
CREATE INDEX kudos_pair ON kudos (guild, giver, receiver, at, amount) WHERE undone_at IS NULL;
CREATE INDEX kudos_given ON kudos (guild, giver, at);
CREATE INDEX kudos_received ON kudos (guild, receiver, at);
CREATE INDEX kudos_sum ON kudos (guild, receiver, amount) WHERE undone_at IS NULL;
CREATE INDEX kudos_board ON kudos (guild, at, receiver, amount) WHERE undone_at IS NULL;
