CREATE TABLE throttles (
  -- What is counted, e.g. sign-in-address; the program's constants give each its size and rate.
  scope text NOT NULL,
  -- SHA-256 of the account's key or the address, so that this table is no log of who tried what.
  subject bytea NOT NULL,
  -- How full the bucket was at filled_at; it leaks at the scope's rate since then.
  level double precision NOT NULL,
  filled_at timestamptz NOT NULL,
  CONSTRAINT throttles_pkey PRIMARY KEY (scope, subject),
  CONSTRAINT throttles_level_positive CHECK (level >= 0)
);

-- Sweeping buckets that have run empty.
CREATE INDEX throttles_by_age ON throttles (filled_at);

COMMENT ON TABLE throttles IS
  'Leaky buckets against guessing. In the database because instances come and go and share nothing else.';
