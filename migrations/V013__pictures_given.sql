-- Programs that were written for other systems tell how somebody looks by the address of a picture. It is told back to
-- them and never fetched; what Discord tells of somebody takes its place.
ALTER TABLE member ADD COLUMN picture TEXT;
-- Whether a program alone told of them, and Discord never did: that Discord knows no such member is then no news.
ALTER TABLE member ADD COLUMN told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1));
