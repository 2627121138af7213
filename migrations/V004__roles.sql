-- Roles that come and go: for a while, back with a member who returns, and chosen by members themselves.

-- A role given for a while, and what became of it; rows stay as history. `pending`: Discord was not heard of yet;
-- `held`: until `expires_at`, which is a promise; `away`: who held it left, and may come back with it; `over`;
-- `failed`: Discord did not give it. `words` say why it is over, failed, or could not be taken at its end. `taken_by`
-- asked for it early.
CREATE TABLE temporary_role (
    id INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    role INTEGER NOT NULL,
    role_name TEXT NOT NULL,
    actor INTEGER NOT NULL,
    actor_name TEXT NOT NULL,
    reason TEXT CHECK (reason <> ''),
    assigned_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'held', 'away', 'over', 'failed')),
    ended_at INTEGER,
    words TEXT CHECK (words <> ''),
    taken_by INTEGER,
    taken_by_name TEXT,
    CHECK ((ended_at IS NULL) = (state IN ('pending', 'held', 'away')))
) STRICT;
CREATE UNIQUE INDEX temporary_role_pending ON temporary_role (guild, user, role) WHERE state = 'pending';
CREATE UNIQUE INDEX temporary_role_held ON temporary_role (guild, user, role) WHERE state IN ('held', 'away');
CREATE INDEX temporary_role_user ON temporary_role (guild, user, id);
CREATE INDEX temporary_role_end ON temporary_role (guild, expires_at) WHERE state = 'held';

-- Roles of the configured list that a member holds (`away` = 0), or held when they left and is to get back (1).
CREATE TABLE persistent_role (
    id INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    role INTEGER NOT NULL,
    role_name TEXT NOT NULL,
    assigned_at INTEGER NOT NULL,
    away INTEGER NOT NULL DEFAULT 0 CHECK (away IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX persistent_role_user ON persistent_role (guild, user, role);
CREATE INDEX persistent_role_away ON persistent_role (guild, role, user) WHERE away = 1;

-- Names of their own that members have in a guild, where these are to come back.
CREATE TABLE nickname (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    nickname TEXT NOT NULL CHECK (nickname <> ''),
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;

-- Who left with something to come back to, or was kicked or banned, when and how. `unknown`: a kick would not have been
-- told. Who returns without a row left unseen.
CREATE TABLE departure (
    guild INTEGER NOT NULL,
    user INTEGER NOT NULL,
    at INTEGER NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('left', 'thrown_out', 'unknown')),
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;

-- A message from which members choose roles. `message` is none until Discord took it, or after it was deleted; `words`
-- say what Discord refused last.
CREATE TABLE role_menu (
    guild INTEGER NOT NULL,
    number INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    message INTEGER,
    title TEXT NOT NULL,
    choice TEXT NOT NULL CHECK (choice IN ('single', 'multiple')),
    look TEXT NOT NULL CHECK (look IN ('buttons', 'list')),
    required INTEGER,
    state TEXT NOT NULL CHECK (state IN ('pending', 'posted', 'failed', 'removed')),
    words TEXT,
    actor INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (guild, number)
) STRICT, WITHOUT ROWID;

-- What can be chosen from a menu, in its order, by the names of the time.
CREATE TABLE role_menu_role (
    guild INTEGER NOT NULL,
    number INTEGER NOT NULL,
    place INTEGER NOT NULL,
    role INTEGER NOT NULL,
    role_name TEXT NOT NULL,
    PRIMARY KEY (guild, number, place),
    FOREIGN KEY (guild, number) REFERENCES role_menu (guild, number)
) STRICT, WITHOUT ROWID;
