-- Kudos: members thank each other, and every thanks is kept as it was.

-- A gift: who, to whom, how many, why, by which names they went then, and what it came from. `source` is the message,
-- interaction or request behind it, which gives to each receiver once, however often it comes. `message` is set where
-- that is a message, with which the gift goes. What was taken back stays, with when, by whom (none: a deletion), why.
CREATE TABLE kudos (
    id INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    giver INTEGER NOT NULL,
    receiver INTEGER NOT NULL CHECK (receiver <> giver),
    amount INTEGER NOT NULL CHECK (amount > 0),
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
CREATE UNIQUE INDEX kudos_source ON kudos (source, receiver);
CREATE INDEX kudos_message ON kudos (message) WHERE message IS NOT NULL AND undone_at IS NULL;
CREATE INDEX kudos_pair ON kudos (guild, giver, receiver, at, amount) WHERE undone_at IS NULL;
CREATE INDEX kudos_given ON kudos (guild, giver, at);
CREATE INDEX kudos_received ON kudos (guild, receiver, at);
CREATE INDEX kudos_sum ON kudos (guild, receiver, amount) WHERE undone_at IS NULL;
CREATE INDEX kudos_board ON kudos (guild, at, receiver, amount) WHERE undone_at IS NULL;

-- Members who chose to be on no board. The choice is one, and each room that has a board keeps to it.
CREATE TABLE hidden (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;
INSERT INTO hidden (guild, user) SELECT guild, user FROM xp WHERE choices & 2;
