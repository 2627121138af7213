-- Programs that were written for other systems tell how somebody looks by the address of a picture. It is told back to
-- them and never fetched; what Discord tells of somebody takes its place.
ALTER TABLE member ADD COLUMN picture TEXT;
