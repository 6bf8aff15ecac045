//! Turns to compute a password hash. Whoever gets hold of a row of `hashing_turns` has one; `SKIP LOCKED` gives no row to
//! two requests, so the bound holds without a count. Of each instance one request asks at a time (`hashing_queue.rs`).

use std::time::Duration;

use web::Place;

use super::{Database, DatabaseError, PostgresStore, hashing_queue::HashingTurn};
use crate::{store::HashingStore, store_error::StoreError};

/// After this long a turn is taken for lost: its instance has died. It is handed on for half as long.
const TURN_SECONDS_MAX: i64 = 10;
/// An instance that has not asked for this long waits no longer. Longer than a pause and a slow statement.
const PLACE_SECONDS_MAX: i64 = 5;
/// How long a request waits for a turn.
const WAIT_MAX: Duration = Duration::from_secs(12);
/// The pause between two tries grows with the number of instances that wait: up to 33 of them, all together ask once in
/// this time.
const PAUSE_OF_EACH: Duration = Duration::from_millis(30);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// Less than a hash takes: who has others of the instance before looks again when they may be done.
const PAUSE_FOR_EACH_AHEAD: Duration = Duration::from_millis(10);

/// Takes a turn; if none is free, a place for an instance that waits, else no row. Returns the turn or 0, and how many
/// instances wait. What ends later than any turn does was taken before the database's clock was set back, and is free.
/// While others wait, an instance does not get the turn again that it had last.
const TAKE: &str = concat!(
    "
WITH waiting AS (
  SELECT instance FROM hashing_turns
  WHERE kind = 'wait' AND taken_until BETWEEN clock_timestamp() AND clock_timestamp() + $2::bigint * interval '1 second'
), free AS (
  SELECT kind, number FROM hashing_turns
  WHERE taken_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + $2::bigint * interval '1 second'
    AND NOT (kind = 'hash' AND instance = $1::bytea AND EXISTS (SELECT FROM waiting WHERE instance <> $1::bytea))
    OR kind = 'wait' AND instance = $1::bytea
  ORDER BY kind, instance = $1::bytea DESC, number LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE hashing_turns AS taken SET instance = $1::bytea,
  taken_until = clock_timestamp() + CASE taken.kind WHEN 'hash' THEN $2::bigint ELSE $3::bigint END * interval '1 second'
FROM free WHERE (taken.kind, taken.number) = (free.kind, free.number)
RETURNING CASE taken.kind WHEN 'hash' THEN taken.number ELSE 0 END::bigint,
  (SELECT count(*) FROM waiting), ",
    without_waiting_for_the_disk!()
);

/// Ends a turn, and the place where its instance has waited for it.
const END: &str = concat!(
    "
UPDATE hashing_turns SET taken_until = '-infinity'
WHERE instance = $2::bytea AND (kind = 'wait' OR number = $1::bigint)
RETURNING ",
    without_waiting_for_the_disk!()
);

enum Tried {
    Turn(HashingTurn),
    /// How long until the next try.
    Later(Duration),
    TooManyWait,
}

impl<D: Database> PostgresStore<D> {
    async fn try_to_take_turn(&self) -> Result<Tried, DatabaseError> {
        let taken = self.0.elapsed();
        let instance = self.0.hashing_queue().instance();
        let parameters = [instance.into(), TURN_SECONDS_MAX.into(), PLACE_SECONDS_MAX.into()];
        let Some(mut row) = self.first(TAKE, &parameters).await? else { return Ok(Tried::TooManyWait) };
        Ok(match (row.int(0)?, row.int(1)?) {
            (0, waiting) => {
                let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
                Tried::Later(PAUSE_OF_EACH.saturating_mul(waiting).clamp(PAUSE_OF_EACH, PAUSE_MAX))
            }
            (number, _) => Tried::Turn(HashingTurn { number, taken }),
        })
    }

    async fn wait_for_turn(&self, place: &Place<'_>) -> Result<Option<HashingTurn>, DatabaseError> {
        let queue = self.0.hashing_queue();
        let started = self.0.elapsed();
        loop {
            let now = self.0.elapsed();
            let pause = match place.ahead() {
                0 => {
                    if let Some(turn) = queue.handed_on() {
                        if turn.may_be_handed_on(now) {
                            return Ok(Some(turn));
                        }
                        self.end(turn).await;
                    }
                    match self.try_to_take_turn().await? {
                        Tried::Turn(turn) => return Ok(Some(turn)),
                        Tried::Later(pause) => pause,
                        Tried::TooManyWait => return Ok(None),
                    }
                }
                ahead => PAUSE_FOR_EACH_AHEAD.saturating_mul(ahead).min(PAUSE_MAX),
            };
            if now.saturating_sub(started) >= WAIT_MAX {
                return Ok(None);
            }
            self.0.sleep(pause).await;
        }
    }

    /// A turn that cannot be ended ends by itself.
    async fn end(&self, turn: HashingTurn) {
        let _ = self.query(END, &[turn.number.into(), self.0.hashing_queue().instance().into()]).await;
    }
}

impl<D: Database> HashingStore for PostgresStore<D> {
    async fn in_hashing_turn<T>(&self, hash: impl FnOnce() -> T) -> Result<Option<T>, StoreError> {
        let queue = self.0.hashing_queue();
        let place = queue.join();
        let Some(turn) = self.wait_for_turn(&place).await? else { return Ok(None) };
        let hashed = hash();
        if let Some(turn) = queue.hand_on(place, turn, self.0.elapsed()) {
            self.end(turn).await;
        }
        Ok(Some(hashed))
    }
}
