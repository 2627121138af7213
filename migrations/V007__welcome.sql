-- Newcomers who have not accepted the server's rules yet (Discord's membership screening): nobody sees them, so they
-- are greeted, and given their first roles, once they have. The row goes with the greeting, in the same transaction, so
-- that it happens once.
CREATE TABLE welcome_waiting (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    -- When they came, in milliseconds: who takes more than a day is given the roles alone.
    came_at INTEGER NOT NULL,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;

-- Who is in which voice channel, kept where a rule ([[on]]) asks for it: a resumed session does not tell it again, and
-- a change of mute comes as the same event as entering a channel.
CREATE TABLE occasion_voice (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;
