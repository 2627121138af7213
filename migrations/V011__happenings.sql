-- What happened in the communities, as those outside are told of it: the newest of it, so that who was away for a while
-- is told the rest.

-- `audience`: who may know of it: 'everybody' (where the owner shows the board to everybody), 'members' or
-- 'moderators'. `fields` is a JSON object; ids in it are texts. Numbers are never given twice, whatever is deleted.
CREATE TABLE happening (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild INTEGER NOT NULL,
    kind TEXT NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('everybody', 'members', 'moderators')),
    fields TEXT NOT NULL CHECK (json_type(fields) = 'object'),
    at INTEGER NOT NULL
) STRICT;
