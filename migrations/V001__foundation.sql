-- The first room and what every room stands on. Times are milliseconds since 1970 in UTC; ids are Discord's
-- snowflakes, which fit a signed 64-bit integer.

-- How far we are: one row, written with every commit. `batch` tells after a failed commit whether it happened all the
-- same; the session lets a restarted process resume where the committed work ends, as long as it asks for the same
-- `intents`; `me`, `application` and `name` are who the bot is, of which a resumed session is not told. `alive_at` is
-- when the bot last saw what happened.
CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    batch INTEGER NOT NULL,
    session TEXT,
    resume_url TEXT,
    sequence INTEGER,
    intents INTEGER,
    me INTEGER,
    application INTEGER,
    name TEXT,
    alive_at INTEGER,
    folded INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO progress (id, batch) VALUES (1, 0);

-- Times in which the bot saw nothing of Discord: nobody's streak breaks for a day with over an hour of them.
CREATE TABLE downtime (began INTEGER PRIMARY KEY, ended INTEGER NOT NULL) STRICT;

-- Every IDENTIFY of the last day: Discord resets the token of a bot that sends too many.
CREATE TABLE identify (at INTEGER NOT NULL) STRICT;

-- What was last registered as slash commands, so that a start without a change asks nothing of Discord.
CREATE TABLE registration (scope TEXT PRIMARY KEY, hash TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Effects that must not be lost. `origin` names the event and the action that promised it, so that a replayed event
-- promises nothing twice; `target`, where given, allows one open promise for the same thing, and a new one replaces
-- it. Promises of one `lane` (a channel, say) are kept one after another.
CREATE TABLE promise (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE,
    target TEXT,
    lane TEXT NOT NULL,
    guild INTEGER,
    about TEXT NOT NULL,
    effect TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'done', 'failed', 'cancelled')),
    attempts INTEGER NOT NULL DEFAULT 0,
    words TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX promise_due ON promise (due_at) WHERE state = 'due';
CREATE INDEX promise_lane ON promise (lane, due_at, id) WHERE state = 'due';
CREATE INDEX promise_open ON promise (state, guild, id) WHERE state IN ('due', 'failed');
CREATE INDEX promise_ended ON promise (ended_at) WHERE state <> 'due';
CREATE UNIQUE INDEX promise_target ON promise (target) WHERE state IN ('due', 'failed') AND target IS NOT NULL;

-- Things done once for an event (a command run, for example), so that a replay does nothing twice.
CREATE TABLE done (
    event INTEGER NOT NULL,
    action TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (event, action)
) STRICT, WITHOUT ROWID;

-- Every change of a member's balance: what, how much, the balance after it, who caused it (none: the member), from
-- which message or interaction. Balances are the sums of these rows. A row that takes another back names it in
-- `undoes`; rows that were made together name their `batch`.
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    what TEXT NOT NULL,
    amount INTEGER NOT NULL,
    after INTEGER NOT NULL,
    actor INTEGER,
    source INTEGER NOT NULL,
    reason TEXT,
    at INTEGER NOT NULL,
    batch INTEGER,
    undoes INTEGER
) STRICT;
CREATE INDEX ledger_member ON ledger (guild, user, id);
CREATE INDEX ledger_batch ON ledger (batch) WHERE batch IS NOT NULL;
CREATE UNIQUE INDEX ledger_undone ON ledger (undoes) WHERE undoes IS NOT NULL;

-- Changes of many members that can be taken back as one: a reset of everybody, an import. `origin` names what was
-- imported, so that it is imported once; a batch that is not `finished` goes on where it was broken off.
CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    what TEXT NOT NULL,
    actor INTEGER,
    source INTEGER NOT NULL,
    at INTEGER NOT NULL,
    undoes INTEGER UNIQUE,
    origin TEXT,
    finished INTEGER NOT NULL DEFAULT 1
) STRICT;

-- Guilds as last seen, roles and channels included: a resumed session is not told again.
CREATE TABLE guild (
    guild INTEGER PRIMARY KEY,
    present INTEGER NOT NULL,
    members INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;

-- People who wrote or came in, by the name to show. Written when something changed.
CREATE TABLE member (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    name TEXT NOT NULL,
    avatar TEXT,
    present INTEGER NOT NULL,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;

-- XP by guild and member. `last_message` is the newest message that earned; `cooldown` and `command_cooldown` are the
-- limiters' theoretical arrival times, in nanoseconds since Discord's epoch; `day` is the last civil day with an
-- earning act, in days since 1970, and `streak` how many there were in a row. `choices` are the member's own (1: no XP,
-- 2: not on the board, 4: no announcements); who is `away` has left; `shown` follows from both.
CREATE TABLE xp (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    xp INTEGER NOT NULL,
    last_message INTEGER NOT NULL,
    cooldown INTEGER,
    command_cooldown INTEGER,
    day INTEGER,
    streak INTEGER NOT NULL DEFAULT 0,
    choices INTEGER NOT NULL DEFAULT 0,
    away INTEGER NOT NULL DEFAULT 0,
    shown INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX xp_board ON xp (guild, xp DESC, user) WHERE shown = 1;

-- Why members earned nothing, as JSON: the last few reasons of each, for two days.
CREATE TABLE why (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    at INTEGER NOT NULL,
    notes TEXT NOT NULL,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;

-- Sketches of the texts of a member's last few messages that earned, 64 bits each, where repeats are looked for.
CREATE TABLE said (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    sketches BLOB NOT NULL,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;

-- Who is in voice, for a session that is resumed after a restart. `flags`: 1 muted, 2 deafened, 4 audience of a stage,
-- 8 in the AFK channel. `seen_ms` and `missed_ms` say up to where the stay is settled, as time that this process has
-- seen and missed. The rest is the stay itself: how much of it counted, how much did not and why, in milliseconds.
CREATE TABLE voice_state (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    bot INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    missed_ms INTEGER NOT NULL,
    counted_ms INTEGER NOT NULL,
    muted_ms INTEGER NOT NULL,
    deafened_ms INTEGER NOT NULL,
    alone_ms INTEGER NOT NULL,
    afk_ms INTEGER NOT NULL,
    unseen_ms INTEGER NOT NULL,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;

-- The voice channel into which a guild's idle are moved, where it has one.
CREATE TABLE voice_afk (guild INTEGER PRIMARY KEY, channel INTEGER NOT NULL) STRICT;

-- Things that a level makes available and a claim unlocks, for those outside who go by what a member holds. They are
-- switched off rather than removed, so that ids stay good. `config` is JSON for whoever implements the tool.
CREATE TABLE tool (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    icon TEXT NOT NULL,
    tier TEXT NOT NULL,
    required_level INTEGER NOT NULL CHECK (required_level >= 1),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    config TEXT NOT NULL CHECK (json_valid(config)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- Who unlocked which tool, and how often it was used since.
CREATE TABLE tool_unlock (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    tool TEXT NOT NULL REFERENCES tool (id),
    unlocked_at INTEGER NOT NULL,
    usage_count INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (guild, user, tool)
) STRICT, WITHOUT ROWID;
