-- Unlogged: a stored response is personal and lives ten minutes, so it is in no write-ahead log, on no replica, and in no
-- backup made with --no-unlogged-table-data. A crash of the server empties the table: the reservations of that moment
-- cannot be settled any more, and a request that is sent again just then is a new one.
CREATE UNLOGGED TABLE reservations (
  -- 128 random bits. The tool settles the reservation under this id.
  id bytea CONSTRAINT reservations_pkey PRIMARY KEY,
  user_id uuid NOT NULL,
  service text NOT NULL,
  -- The UTC day whose quota it was taken from, and gets it back if nothing is delivered.
  day date NOT NULL,
  amount bigint NOT NULL,
  -- The idempotency key: SHA-256 of the key that the client chose, and of the request under it. Null without a key.
  key_hash bytea,
  request_hash bytea,
  -- As the tool wrote it, opaque here. Null until the reservation is settled.
  response text,
  -- Not settled: the tool must have stopped by then. Settled: the response is deleted then.
  expires_at timestamptz NOT NULL,
  -- One of several requests with the same key reserves. The program names this constraint: do not rename it.
  CONSTRAINT reservations_key_once UNIQUE (user_id, service, key_hash),
  CONSTRAINT reservations_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT reservations_amount_positive CHECK (amount >= 1),
  CONSTRAINT reservations_lengths CHECK (
    octet_length(id) = 16 AND octet_length(key_hash) = 32 AND octet_length(request_hash) = 32),
  CONSTRAINT reservations_key_names_request CHECK ((key_hash IS NULL) = (request_hash IS NULL)),
  CONSTRAINT reservations_response_has_key CHECK (response IS NULL OR key_hash IS NOT NULL),
  CONSTRAINT reservations_response_length CHECK (octet_length(response) <= 262144)
);

-- Purging expired rows.
CREATE INDEX reservations_by_expiry ON reservations (expires_at);

COMMENT ON TABLE reservations IS
  'Amounts taken from daily quotas whose outcome is not known yet, and for ten minutes the responses to requests with an idempotency key.';

COMMENT ON TABLE breakers IS
  'The circuit breaker before each tool''s upstream; no row means closed. In the database because all instances must agree.';
COMMENT ON COLUMN breakers.probe IS 'The id of the one reservation that may use the half-open circuit.';
