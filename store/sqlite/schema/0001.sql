-- The tables of an afina store, version 1. They may be read with any SQLite
-- tool while afina runs; only afina may write them.
--
-- Times are whole nanoseconds since 1970-01-01T00:00:00Z; the views show them
-- as text. Numbers that are not finite are the strings "NaN", "Infinity" and
-- "-Infinity" wherever they are part of JSON.

PRAGMA application_id = 1095125326; -- "AFIN"

-- One row a study. seq, status, reason, spent and counts follow from the
-- study's events and change with them.
CREATE TABLE studies (
  study      INTEGER PRIMARY KEY,          -- the number other tables use
  id         TEXT    NOT NULL UNIQUE,      -- names it everywhere, for ever
  name       TEXT    NOT NULL UNIQUE,      -- what people call it
  created    INTEGER,
  definition TEXT    NOT NULL,             -- JSON, with the space as it was at first
  status     TEXT    NOT NULL DEFAULT '',  -- running, stopped, finished, failed
  reason     TEXT    NOT NULL DEFAULT '',  -- why, in words
  spent      INTEGER NOT NULL DEFAULT 0,   -- wall time used, nanoseconds
  seq        INTEGER NOT NULL DEFAULT 0,   -- number of the last event
  counts     TEXT    NOT NULL DEFAULT '{}',-- JSON: trials by state
  epoch      INTEGER NOT NULL DEFAULT 0,   -- of the present owner
  owner      TEXT    NOT NULL DEFAULT ''   -- host and pid, for people
) STRICT;

-- The spaces of studies whose space was extended while they ran. The first
-- space is part of the definition and has revision 0.
CREATE TABLE spaces (
  study    INTEGER NOT NULL,
  revision INTEGER NOT NULL,               -- from 1
  seq      INTEGER NOT NULL,               -- the event that extended it
  space    TEXT    NOT NULL,               -- JSON
  PRIMARY KEY (study, revision)
) STRICT, WITHOUT ROWID;

-- One row a trial. The key holds the study and the number, so that trials lie
-- on disk in the order in which they were made and need no second index.
CREATE TABLE trials (
  id         INTEGER PRIMARY KEY,          -- study * 2^40 + number
  study      INTEGER GENERATED ALWAYS AS (id >> 40) VIRTUAL,
  number     INTEGER GENERATED ALWAYS AS (id & 0xFFFFFFFFFF) VIRTUAL,
  state      TEXT    NOT NULL,             -- queued, running, paused, complete, pruned, failed, infeasible, cancelled
  params     TEXT,                         -- JSON object: the configuration
  revision   INTEGER NOT NULL DEFAULT 0,   -- of the space that it is from
  objectives TEXT,                         -- JSON array: a value an objective, in order
  violations TEXT,                         -- JSON array: above 0 violates the constraint
  metrics    TEXT,                         -- JSON object: the last value of each
  failure    TEXT,                         -- class of the failure
  message    TEXT,
  exit       INTEGER,
  signal     TEXT,
  method     TEXT,                         -- what made the configuration
  version    TEXT,
  seen       INTEGER,                      -- how many trials it knew
  seen_ended INTEGER,                      -- how many of them had ended
  stream     INTEGER,                      -- number of the random stream, -1: none
  note       TEXT,                         -- what the method says about it
  resume     REAL DEFAULT 0,               -- step from which it goes on (NULL: NaN)
  until      REAL DEFAULT 0,               -- step up to which it may run (NULL: NaN)
  bracket    INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER,                      -- when a requeued trial may start
  created    INTEGER,
  ended      INTEGER,
  ended_seq  INTEGER                       -- the event that ended it
) STRICT;

-- One row a try at a trial.
CREATE TABLE attempts (
  study   INTEGER NOT NULL,
  trial   INTEGER NOT NULL,
  attempt INTEGER NOT NULL,                -- from 1
  worker  TEXT    NOT NULL,
  ref     TEXT    NOT NULL,                -- the launcher's name of the run
  started INTEGER,
  ended   INTEGER,
  outcome TEXT,                            -- NULL while it runs
  failure TEXT,                            -- JSON object
  PRIMARY KEY (study, trial, attempt)
) STRICT, WITHOUT ROWID;

-- One row a trial and step; of several reports at one step the later wins.
CREATE TABLE reports (
  study   INTEGER NOT NULL,
  trial   INTEGER NOT NULL,
  step    REAL    NOT NULL,
  metrics TEXT,                            -- JSON object
  attempt INTEGER NOT NULL,
  at      INTEGER,
  PRIMARY KEY (study, trial, step)
) STRICT, WITHOUT ROWID;

-- Everything that happened, in order. The other tables follow from this one.
CREATE TABLE events (
  id      INTEGER PRIMARY KEY,             -- study * 2^40 + seq
  study   INTEGER GENERATED ALWAYS AS (id >> 40) VIRTUAL,
  seq     INTEGER GENERATED ALWAYS AS (id & 0xFFFFFFFFFF) VIRTUAL,
  kind    TEXT    NOT NULL,                -- status, redefined, extended, queued, started, reported, requeued, paused, granted, ended
  at      INTEGER,
  trial   INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  data    TEXT    NOT NULL                 -- JSON object: the rest
) STRICT;

-- Requests that were carried out, so that a repeated one is not carried out
-- again.
CREATE TABLE requests (
  study   INTEGER NOT NULL,
  request TEXT    NOT NULL,
  first   INTEGER NOT NULL,                -- seq of its events
  last    INTEGER NOT NULL,
  PRIMARY KEY (study, request)
) STRICT, WITHOUT ROWID;

-- Trials as people read them; value is that of the first objective.
CREATE VIEW results AS
SELECT s.name AS study, t.number, t.state,
  CASE t.objectives ->> '$[0]' WHEN 'NaN' THEN NULL WHEN 'Infinity' THEN 9e999
    WHEN '-Infinity' THEN -9e999 ELSE t.objectives ->> '$[0]' END AS value,
  NOT EXISTS (SELECT 1 FROM json_each(t.violations) v
    WHERE v.value > 0 AND v.value <> '-Infinity') AS feasible,
  t.params, t.objectives, t.violations, t.metrics, t.failure, t.message, t.method,
  strftime('%Y-%m-%dT%H:%M:%fZ', t.created / 1e9, 'unixepoch') AS created_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', t.ended / 1e9, 'unixepoch') AS ended_at,
  (SELECT sum(a.ended - a.started) / 1e9 FROM attempts a
    WHERE a.study = t.study AND a.trial = t.number) AS seconds
FROM trials t JOIN studies s ON s.study = t.study;

-- One row a trial and parameter.
CREATE VIEW params AS
SELECT s.name AS study, t.number AS trial, p.key AS name, p.value
FROM trials t JOIN studies s ON s.study = t.study, json_each(t.params) p;

-- One row a trial, step and metric.
CREATE VIEW metrics AS
SELECT s.name AS study, r.trial, r.step, m.key AS name, m.value,
  strftime('%Y-%m-%dT%H:%M:%fZ', r.at / 1e9, 'unixepoch') AS at
FROM reports r JOIN studies s ON s.study = r.study, json_each(r.metrics) m;

-- The best complete trial of each study by its first objective, among those
-- that violate no constraint.
CREATE VIEW best AS
SELECT study, number, value, params, metrics FROM (
  SELECT r.*, row_number() OVER (PARTITION BY r.study ORDER BY
    CASE s.definition ->> '$.objectives[0].goal' WHEN 'maximize' THEN -r.value ELSE r.value END,
    r.number) AS place
  FROM results r JOIN studies s ON s.name = r.study
  WHERE r.state = 'complete' AND r.feasible AND r.value IS NOT NULL)
WHERE place = 1;

-- Events with readable times.
CREATE VIEW history AS
SELECT s.name AS study, e.seq, strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1e9, 'unixepoch') AS at,
  e.kind, e.trial, e.attempt, e.data
FROM events e JOIN studies s ON s.study = e.study;
