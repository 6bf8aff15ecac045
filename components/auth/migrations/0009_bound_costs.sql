-- Expands only: the version before this one ignores what is added here.

-- What all users together took, in the unit of the service. Compared with the operator's ceiling, which bounds what the
-- API keys can cost in a day.
CREATE TABLE daily_totals (
  service text NOT NULL,
  -- The UTC day.
  day date NOT NULL,
  spent bigint NOT NULL,
  CONSTRAINT daily_totals_pkey PRIMARY KEY (service, day),
  CONSTRAINT daily_totals_not_negative CHECK (spent >= 0)
);

COMMENT ON TABLE daily_totals IS
  'What all users together took from a service. Unlike daily_spending it is not lowered when an upstream was called in vain: that may have been paid.';

-- In the order in which a reservation locks the tables, so that neither waits for the other in a circle: breakers, then
-- daily_spending.

-- The different users for whom the upstream failed: their number opens the circuit. `failures` stays for the version
-- before this one, which reads and writes it.
ALTER TABLE breakers ADD COLUMN failed_users uuid[] NOT NULL DEFAULT '{}';

COMMENT ON COLUMN breakers.failures IS 'As many as failed_users; read by an older version only.';

-- Answers that were not delivered although the upstream had been called. Only the first few of a day are given back.
ALTER TABLE daily_spending ADD COLUMN undelivered bigint NOT NULL DEFAULT 0;
