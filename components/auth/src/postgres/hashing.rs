//! Turns to compute a password hash. Whoever gets hold of a row of `hashing_turns` has one; `SKIP LOCKED` gives no row to
//! two requests, so the bound holds without a count.

use std::time::Duration;

use super::{Database, DatabaseError, PostgresStore};
use crate::{
    store::{HashingStore, HashingTurn},
    store_error::StoreError,
};

/// After this long a turn is taken for lost: its instance has died. A hash takes a tenth of a
/// second, and seconds on a machine that has much else to do.
const TURN_SECONDS_MAX: i64 = 10;
/// A place to wait is kept a little longer than anybody waits.
const PLACE_SECONDS_MAX: i64 = 20;
/// How long a request waits for a turn.
const WAIT_MAX: Duration = Duration::from_secs(12);
/// How long a turn is kept for the requests that wait in the same instance. The instance has the memory of its last hash
/// still: while it computes theirs, no other instance needs as much. Longer than they pause on a busy machine.
const KEPT_MILLISECONDS: i64 = 8000;
/// The pause between two tries grows with the number of those who wait for the same turns, so that all together ask no
/// more often when they are more: one of them in this time.
const PAUSE_OF_EACH: Duration = Duration::from_millis(30);
const PAUSE_MIN: Duration = Duration::from_millis(30);
const PAUSE_MAX: Duration = Duration::from_secs(4);

/// One turn for each instance at a time: a page that the instance is asked for meanwhile waits for one hash only. The last
/// column says how many wait for the same turns: those of the instance when one is kept for it, else all.
const TAKE: &str = concat!(
    "
WITH free AS (
  SELECT number FROM hashing_turns
  WHERE kind = 'hash' AND taken_until <= clock_timestamp()
    AND (instance = $1::bytea OR kept_until <= clock_timestamp())
    AND NOT EXISTS (
      SELECT FROM hashing_turns AS own
      WHERE own.kind = 'hash' AND own.instance = $1::bytea AND own.taken_until > clock_timestamp())
  ORDER BY instance = $1::bytea DESC, number LIMIT 1 FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE hashing_turns AS t SET instance = $1::bytea,
    taken_until = clock_timestamp() + $2::bigint * interval '1 second'
  FROM free WHERE t.kind = 'hash' AND t.number = free.number
  RETURNING t.number, ",
    without_waiting_for_the_disk!(),
    "
)
SELECT coalesce((SELECT number FROM taken), 0)::bigint,
  (SELECT count(*) FROM hashing_turns WHERE kind = 'wait' AND taken_until > clock_timestamp()
    AND (instance = $1::bytea OR NOT EXISTS (
      SELECT FROM hashing_turns AS own WHERE own.kind = 'hash' AND own.instance = $1::bytea
        AND greatest(own.taken_until, own.kept_until) > clock_timestamp())))"
);

const QUEUE: &str = concat!(
    "
UPDATE hashing_turns SET instance = $1::bytea, taken_until = clock_timestamp() + $2::bigint * interval '1 second'
WHERE kind = 'wait' AND number = (
  SELECT number FROM hashing_turns WHERE kind = 'wait' AND taken_until <= clock_timestamp()
  ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING number::bigint, ",
    without_waiting_for_the_disk!()
);

const LEAVE: &str = concat!(
    "
UPDATE hashing_turns SET taken_until = '-infinity'
WHERE kind = 'wait' AND number = $1::bigint AND instance = $2::bytea
RETURNING ",
    without_waiting_for_the_disk!()
);

const END: &str = concat!(
    "
UPDATE hashing_turns AS t SET taken_until = '-infinity',
  kept_until = CASE WHEN EXISTS (
      SELECT FROM hashing_turns AS w
      WHERE w.kind = 'wait' AND w.instance = $2::bytea AND w.taken_until > clock_timestamp())
    THEN clock_timestamp() + $3::bigint * interval '1 millisecond' ELSE '-infinity' END
WHERE t.kind = 'hash' AND t.number = $1::bigint AND t.instance = $2::bytea
RETURNING ",
    without_waiting_for_the_disk!()
);

enum Tried {
    Turn(HashingTurn),
    /// How long until the next try.
    Later(Duration),
}

impl<D: Database> PostgresStore<D> {
    async fn try_to_take_turn(&self) -> Result<Tried, DatabaseError> {
        let instance = self.0.instance();
        let row = self.first(TAKE, &[(&instance).into(), TURN_SECONDS_MAX.into()]).await?;
        let Some(mut row) = row else { return Ok(Tried::Later(PAUSE_MAX)) };
        let (number, waiting) = (row.int(0)?, row.int(1)?);
        if number > 0 {
            return Ok(Tried::Turn(HashingTurn(number)));
        }
        let waiting = u32::try_from(waiting).unwrap_or(0);
        Ok(Tried::Later((PAUSE_OF_EACH * waiting).clamp(PAUSE_MIN, PAUSE_MAX)))
    }

    async fn wait_for_turn(&self, first: Duration) -> Result<Option<HashingTurn>, DatabaseError> {
        let (started, mut pause) = (self.0.elapsed(), first);
        while self.0.elapsed().saturating_sub(started) < WAIT_MAX {
            self.0.sleep(pause).await;
            match self.try_to_take_turn().await? {
                Tried::Turn(turn) => return Ok(Some(turn)),
                Tried::Later(next) => pause = next,
            }
        }
        Ok(None)
    }
}

impl<D: Database> HashingStore for PostgresStore<D> {
    async fn take_hashing_turn(&self) -> Result<Option<HashingTurn>, StoreError> {
        let pause = match self.try_to_take_turn().await? {
            Tried::Turn(turn) => return Ok(Some(turn)),
            Tried::Later(pause) => pause,
        };
        let instance = self.0.instance();
        let Some(mut place) = self.first(QUEUE, &[(&instance).into(), PLACE_SECONDS_MAX.into()]).await?
        else {
            return Ok(None);
        };
        let place = place.int(0)?;
        let turn = self.wait_for_turn(pause).await;
        // A place that cannot be left ends by itself; a turn that came is not lost for it.
        let _ = self.query(LEAVE, &[place.into(), (&instance).into()]).await;
        Ok(turn?)
    }

    async fn end_hashing_turn(&self, turn: HashingTurn) -> Result<(), StoreError> {
        let instance = self.0.instance();
        self.query(END, &[turn.0.into(), (&instance).into(), KEPT_MILLISECONDS.into()]).await?;
        Ok(())
    }
}
