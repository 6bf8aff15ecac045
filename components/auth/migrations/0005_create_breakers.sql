CREATE TABLE breakers (
  -- The tool whose upstream failed. No row: its breaker is closed and the last report was a success.
  service text CONSTRAINT breakers_pkey PRIMARY KEY,
  -- Failures in a row, counted while closed.
  failures bigint NOT NULL,
  failed_at timestamptz NOT NULL,
  -- Null while closed. Once it is past, one question at a time goes through: half-open.
  open_until timestamptz,
  -- How long it opens for; doubles with each probe that fails.
  pause_seconds bigint NOT NULL,
  -- The ticket of the one question that may try, and when its leave ends should it never report.
  probe bytea,
  probe_until timestamptz,
  CONSTRAINT breakers_failures_positive CHECK (failures >= 1),
  CONSTRAINT breakers_open_for_a_time CHECK (pause_seconds >= 1),
  CONSTRAINT breakers_probe_only_while_open CHECK (probe IS NULL OR open_until IS NOT NULL),
  CONSTRAINT breakers_probe_ends CHECK ((probe IS NULL) = (probe_until IS NULL)),
  CONSTRAINT breakers_probe_length CHECK (octet_length(probe) = 16)
);

COMMENT ON TABLE breakers IS
  'Whether a tool''s upstream is left alone for a while. In the database because all instances must agree.';
