-- Bumps: who brought the server back to the top of a listing site, and when.

-- One row for each bump that counted, by the listing bot's answer to it, so that an answer that comes twice counts
-- once. `user_name` is the name at the time.
CREATE TABLE bump (
    message INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX bump_user ON bump (guild, user, at);
CREATE INDEX bump_at ON bump (guild, at);
