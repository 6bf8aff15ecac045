CREATE TABLE daily_spending (
  user_id uuid NOT NULL,
  -- llm counts questions, ocr counts pages. Text and not an enum: a new tool needs no contracting migration.
  service text NOT NULL,
  -- The UTC day.
  day date NOT NULL,
  spent bigint NOT NULL,
  CONSTRAINT daily_spending_pkey PRIMARY KEY (user_id, service, day),
  CONSTRAINT daily_spending_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT daily_spending_not_negative CHECK (spent >= 0)
);

-- Sweeping past days.
CREATE INDEX daily_spending_by_day ON daily_spending (day);

COMMENT ON TABLE daily_spending IS
  'What each user took from the day''s quota. One row per day, so that nothing has to be reset at midnight.';
