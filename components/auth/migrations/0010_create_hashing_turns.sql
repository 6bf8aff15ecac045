-- A password hash takes 19 MiB and a core for a moment, and an instance keeps that memory as long as it lives. So few
-- hashes are computed at once, by all instances together, and few requests wait for one.
CREATE TABLE hashing_turns (
  -- 'hash': may compute a hash. 'wait': may wait for one.
  kind text NOT NULL,
  number integer NOT NULL,
  -- The instance that has it; after its hash, the one that may have it again before others.
  instance bytea NOT NULL DEFAULT '',
  -- By the database's clock, which all instances share. What an instance that died has not given back ends by itself.
  taken_until timestamptz NOT NULL DEFAULT '-infinity',
  kept_until timestamptz NOT NULL DEFAULT '-infinity',
  CONSTRAINT hashing_turns_pkey PRIMARY KEY (kind, number),
  CONSTRAINT hashing_turns_kind_known CHECK (kind IN ('hash', 'wait'))
);

-- The rows are never more or fewer: whoever locks one has a turn, so the bound holds however many ask at once.
INSERT INTO hashing_turns (kind, number)
  SELECT 'hash', number FROM generate_series(1, 4) AS number
  UNION ALL
  SELECT 'wait', number FROM generate_series(1, 256) AS number;

COMMENT ON TABLE hashing_turns IS
  'Turns to compute a password hash, and places to wait for one. In the database because instances share nothing else.';
