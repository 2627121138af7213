-- Who may come in through the main door: programs with a key, and people who signed in.

-- A key is 256 random bits, so its plain SHA-256 gives nothing away. `prefix` is how its owner recognises it. `scopes`
-- are words with a space between them. `guild`: the only one that it is for; none: all. `created_by` is who asked for
-- it in Discord; none: it was made on the command line. A row stays when its key is revoked, so that what it did can
-- be told.
CREATE TABLE api_key (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    scopes TEXT NOT NULL,
    guild INTEGER,
    created_at INTEGER NOT NULL,
    created_by INTEGER,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;
-- A name is free again once its key is revoked.
CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at IS NULL;

-- What bearer tokens are signed with: they outlive a restart, not their key.
CREATE TABLE token_secret (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    secret BLOB NOT NULL
) STRICT;

-- Links that sign somebody in, by the SHA-256 of what is secret in them. One is good for one use.
CREATE TABLE login_link (
    hash BLOB PRIMARY KEY,
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Browsers that are signed in, by the SHA-256 of their cookie.
CREATE TABLE web_session (
    hash BLOB PRIMARY KEY,
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX web_session_user ON web_session (guild, user);
