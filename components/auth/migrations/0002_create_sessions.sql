CREATE TABLE sessions (
  -- SHA-256 of the random token in the cookie: whoever reads this table cannot sign in with it.
  token_hash bytea CONSTRAINT sessions_pkey PRIMARY KEY,
  user_id uuid NOT NULL,
  -- The password it was started with; see users.password_version.
  password_version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  -- Kept to the minute, so that reading a page seldom costs a write.
  last_seen_at timestamptz NOT NULL,
  -- The absolute end, whatever the use.
  expires_at timestamptz NOT NULL,
  -- The browser's own description, cut short, so that users recognise their devices in the list.
  user_agent text NOT NULL,
  CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT sessions_token_hash_length CHECK (octet_length(token_hash) = 32),
  CONSTRAINT sessions_user_agent_length CHECK (char_length(user_agent) <= 200),
  CONSTRAINT sessions_end_after_start CHECK (expires_at > created_at)
);

-- "My sessions", "end my other sessions", and the cascade from users.
CREATE INDEX sessions_of_user ON sessions (user_id);
-- Sweeping the ended ones.
CREATE INDEX sessions_by_end ON sessions (expires_at);

COMMENT ON TABLE sessions IS
  'Who is signed in where. A row is a session: deleting it signs that browser out at once.';
