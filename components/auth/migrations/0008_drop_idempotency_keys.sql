-- Replaced by reservations. Nothing has been released that uses this table, so it is dropped without a second release
-- in between.
DROP TABLE idempotency_keys;
