-- Unlogged: an answer is personal and lives ten minutes, so it is in no write-ahead log, on no replica, and in no
-- backup made with --no-unlogged-table-data. After a crash of the server the table is empty, and a question that
-- is sent again just then is a new one.
CREATE UNLOGGED TABLE idempotency_keys (
  user_id uuid NOT NULL,
  service text NOT NULL,
  -- SHA-256 of the key that the client chose, and of what it asked under it.
  key_hash bytea NOT NULL,
  request_hash bytea NOT NULL,
  -- The spending that the first request was given; its outcome is reported under this name.
  ticket bytea NOT NULL,
  -- The answer as the tool wrote it, opaque here. Null while the first request runs.
  answer text,
  -- While it runs: when it must be dead. Then: when the answer is deleted.
  ends_at timestamptz NOT NULL,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, service, key_hash),
  CONSTRAINT idempotency_keys_ticket_once UNIQUE (ticket),
  CONSTRAINT idempotency_keys_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT idempotency_keys_lengths CHECK (
    octet_length(key_hash) = 32 AND octet_length(request_hash) = 32 AND octet_length(ticket) = 16),
  CONSTRAINT idempotency_keys_answer_length CHECK (octet_length(answer) <= 262144)
);

-- Deleting what has ended.
CREATE INDEX idempotency_keys_by_end ON idempotency_keys (ends_at);

COMMENT ON TABLE idempotency_keys IS
  'Requests that must not be paid twice, and for ten minutes their answers, for whoever sends one again.';
