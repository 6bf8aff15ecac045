CREATE TABLE users (
  -- Random, so that an id tells neither how many accounts there are nor which came first.
  id uuid CONSTRAINT users_pkey PRIMARY KEY,
  -- As the user typed it (NFC, trimmed): what the pages show.
  username text NOT NULL,
  -- NFKC and case folding of the username: what sign-in looks up and what must be unique.
  username_key text NOT NULL,
  -- A PHC string ($argon2id$v=19$m=…): it names its own parameters, so that they can be raised later.
  password_hash text NOT NULL,
  -- Goes up with each change of the password. A session is good for one version only, so that no session
  -- started with the old password survives, however the statements interleave.
  password_version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  -- The program turns a violation of this constraint into "taken": do not rename it.
  CONSTRAINT users_username_taken UNIQUE (username_key),
  CONSTRAINT users_username_length CHECK (char_length(username) BETWEEN 1 AND 150)
);

COMMENT ON TABLE users IS
  'Who may sign in. Nothing is kept but the name, the password''s hash and a date.';
