-- Version 3: what was not chosen but fixed when a trial was made.

ALTER TABLE trials ADD COLUMN fixed TEXT;   -- JSON of an object; NULL: nothing
