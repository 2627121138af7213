-- Programs that want to be told when something happens, without asking again and again.

-- A hook belongs to an API key, and gets nothing any more once that is revoked or over. `url` and `secret` are both
-- secret: who knows the one may post there, who knows the other may sign as we do. `kinds` are words with a space
-- between them. What was last answered is in `last_at`, `last_status` (none: nobody did) and `last_words` (none: it
-- worked). `failures` counts what was given up in a row, `dropped` what was not delivered because too much waited.
-- `last_promise` is the latest thing that was promised to it. No number is given twice: what is under way for a hook
-- that was deleted must not end at another.
CREATE TABLE webhook (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    api_key INTEGER NOT NULL,
    guild INTEGER NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_at INTEGER,
    last_status INTEGER,
    last_words TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0,
    last_promise INTEGER,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1))
) STRICT;
CREATE INDEX webhook_guild ON webhook (guild, id);
