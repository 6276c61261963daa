-- Version 2: trials that are copies of others, and what attempts have used.

ALTER TABLE trials ADD COLUMN copy_of INTEGER;   -- the trial it is a copy of
ALTER TABLE trials ADD COLUMN copy_step REAL;    -- the step at which it was copied

-- Units of resource: steps, with those that are taken again after a restart.
ALTER TABLE attempts ADD COLUMN paid REAL NOT NULL DEFAULT 0;

UPDATE attempts AS a SET paid = max(0,
  coalesce((SELECT max(r.step) FROM reports r
    WHERE r.study = a.study AND r.trial = a.trial AND r.attempt = a.attempt), 0) -
  coalesce((SELECT max(r.step) FROM reports r
    WHERE r.study = a.study AND r.trial = a.trial AND r.attempt < a.attempt), 0))
WHERE outcome IS NOT NULL;
