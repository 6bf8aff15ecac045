//! Metering in memory.

use std::collections::HashSet;

use auth_api::{
    IdempotencyKey, Reason, ReservationId, Service, Settlement,
    wire::{Extend, Lookup},
};
use web::UnixTime;

use super::MemoryStore;
use crate::{
    metering::{
        RESPONSE_SECONDS,
        circuit::{
            FAILED_USERS_MAX, PAUSE_SECONDS, PAUSE_SECONDS_MAX, RETRY_WHILE_PROBING_SECONDS, WINDOW_SECONDS,
            probe_seconds,
        },
        day::Day,
        quota::{Limits, REFUNDS_PER_DAY},
        store::{
            EarlierRequest, ExtendOutcome, MeteringStore, NewReservation, ReserveOutcome, SettleOutcome,
            Spent,
        },
    },
    store_error::StoreError,
    user::UserId,
};

pub(super) struct Reservation {
    user: UserId,
    service: Service,
    day: Day,
    amount: i64,
    key: Option<IdempotencyKey>,
    response: Option<String>,
    expires: i64,
}

pub(super) enum Circuit {
    /// With the users of the failures in a row and the time of the last.
    Closed {
        failed_users: HashSet<UserId>,
        failed: i64,
    },
    Open {
        until: i64,
        pause: u32,
        probe: Option<(ReservationId, i64)>,
        failed_users: HashSet<UserId>,
    },
}

impl MemoryStore {
    pub(super) fn spent_on(&self, user: &UserId, day: Day) -> Spent {
        let of = |service| self.spent_of(user, service, day);
        Spent { llm: of(Service::Llm), ocr: of(Service::Ocr) }
    }

    fn spent_of(&self, user: &UserId, service: Service, day: Day) -> i64 {
        self.spending.borrow().get(&(user.clone(), service, day)).copied().unwrap_or_default()
    }

    fn add(&self, reservation: &Reservation, amount: i64) -> i64 {
        let mut rows = self.spending.borrow_mut();
        let Reservation { user, service, day, .. } = reservation;
        let spent = rows.entry((user.clone(), *service, *day)).or_default();
        *spent = (*spent + amount).max(0);
        *spent
    }

    fn total_of(&self, service: Service, day: Day) -> i64 {
        self.totals.borrow().get(&(service, day)).copied().unwrap_or_default()
    }

    fn add_total(&self, reservation: &Reservation, amount: i64) {
        let mut totals = self.totals.borrow_mut();
        let total = totals.entry((reservation.service, reservation.day)).or_default();
        *total = (*total + amount).max(0);
    }

    /// Whether another undelivered answer of a called upstream is given back.
    fn may_refund(&self, reservation: &Reservation) -> bool {
        let mut rows = self.undelivered.borrow_mut();
        let Reservation { user, service, day, .. } = reservation;
        let undelivered = rows.entry((user.clone(), *service, *day)).or_default();
        *undelivered += 1;
        *undelivered <= REFUNDS_PER_DAY
    }

    fn earlier(
        &self,
        (user, service): (&UserId, Service),
        key: &IdempotencyKey,
        now: UnixTime,
    ) -> Option<EarlierRequest> {
        let reservations = self.reservations.borrow();
        let found = reservations.values().find(|row| {
            let same_key = row.key.as_ref().is_some_and(|held| held.key_hash == key.key_hash);
            row.user == *user && row.service == service && same_key && now.0 < row.expires
        })?;
        Some(match &found.response {
            _ if found.key.as_ref() != Some(key) => EarlierRequest::Different,
            None => EarlierRequest::InProgress,
            Some(response) => {
                let spent = self.spent_of(user, service, Day::of(now));
                EarlierRequest::Delivered { response: response.clone(), spent }
            }
        })
    }

    /// The seconds to wait; 0 when the circuit is closed or this reservation may probe.
    fn blocked_seconds(&self, service: Service, user: &UserId, now: UnixTime) -> u32 {
        let circuits = self.circuits.borrow();
        let Some(Circuit::Open { until, pause, probe, failed_users }) = circuits.get(&service) else {
            return 0;
        };
        let until = if failed_users.contains(user) { until + i64::from(*pause) } else { *until };
        match probe {
            _ if now.0 < until => u32::try_from(until - now.0).unwrap(),
            Some((_, end)) if now.0 < *end => RETRY_WHILE_PROBING_SECONDS,
            _ => 0,
        }
    }

    fn take_live(&self, id: &ReservationId, now: UnixTime) -> Option<Reservation> {
        let mut reservations = self.reservations.borrow_mut();
        let live = |row: &Reservation| row.response.is_none() && now.0 < row.expires;
        reservations.get(id).is_some_and(live).then(|| reservations.remove(id).unwrap())
    }

    fn close_circuit(&self, service: Service, id: &ReservationId) {
        self.circuits.borrow_mut().retain(|of, circuit| {
            *of != service
                || matches!(circuit, Circuit::Open { probe, .. } if probe.is_none_or(|(held, _)| held != *id))
        });
    }

    fn count_failure(
        &self,
        Reservation { service, user, .. }: &Reservation,
        id: &ReservationId,
        now: UnixTime,
    ) {
        let mut circuits = self.circuits.borrow_mut();
        let mut users = match circuits.get_mut(service) {
            Some(Circuit::Open { until, pause, probe, failed_users }) => {
                if probe.is_some_and(|(held, _)| held == *id) {
                    *pause = (*pause * 2).min(PAUSE_SECONDS_MAX);
                    (*until, *probe) = (now.0 + i64::from(*pause), None);
                    failed_users.insert(user.clone());
                }
                return;
            }
            Some(Circuit::Closed { failed_users, failed }) if now.0 - *failed < i64::from(WINDOW_SECONDS) => {
                std::mem::take(failed_users)
            }
            _ => HashSet::new(),
        };
        let failed = match circuits.get(service) {
            Some(Circuit::Closed { failed, .. }) if users.contains(user) => *failed,
            _ => now.0,
        };
        users.insert(user.clone());
        let circuit = if users.len() >= usize::try_from(FAILED_USERS_MAX).unwrap() {
            let until = now.0 + i64::from(PAUSE_SECONDS);
            Circuit::Open { until, pause: PAUSE_SECONDS, probe: None, failed_users: users }
        } else {
            Circuit::Closed { failed_users: users, failed }
        };
        circuits.insert(*service, circuit);
    }

    fn release_probe(&self, service: Service, id: &ReservationId) {
        if let Some(Circuit::Open { probe, .. }) = self.circuits.borrow_mut().get_mut(&service) {
            *probe = probe.filter(|(held, _)| held != id);
        }
    }

    /// How many responses are stored, expired or not.
    pub(crate) fn stored_responses(&self) -> usize {
        self.reservations.borrow().values().filter(|row| row.response.is_some()).count()
    }
}

impl MeteringStore for MemoryStore {
    async fn reserve(&self, new: &NewReservation<'_>, now: UnixTime) -> Result<ReserveOutcome, StoreError> {
        self.reachable()?;
        let (service, day) = (new.request.service, Day::of(now));
        let key = new.request.idempotency_key.as_ref();
        if let Some(earlier) = key.and_then(|key| self.earlier((new.user, service), key, now)) {
            return Ok(ReserveOutcome::Earlier(earlier));
        }
        let retry_after_seconds = self.blocked_seconds(service, new.user, now);
        if retry_after_seconds > 0 {
            return Ok(ReserveOutcome::CircuitOpen { retry_after_seconds });
        }
        let spent = self.spent_of(new.user, service, day);
        if spent + i64::from(new.request.amount) > i64::from(new.limits.user) {
            return Ok(ReserveOutcome::QuotaExhausted { spent });
        }
        if self.total_of(service, day) + i64::from(new.request.amount) > i64::from(new.limits.all_users) {
            return Ok(ReserveOutcome::CeilingReached);
        }
        if let Some(Circuit::Open { probe, .. }) = self.circuits.borrow_mut().get_mut(&service) {
            *probe = Some((new.id, now.0 + i64::from(probe_seconds(service))));
        }
        let reservation = Reservation {
            user: new.user.clone(),
            service,
            day,
            amount: new.request.amount.into(),
            key: key.cloned(),
            response: None,
            expires: now.0 + i64::from(service.reservation_seconds_max()),
        };
        let spent = self.add(&reservation, reservation.amount);
        self.add_total(&reservation, reservation.amount);
        self.reservations.borrow_mut().insert(new.id, reservation);
        Ok(ReserveOutcome::Reserved { spent })
    }

    async fn lookup(
        &self,
        user: &UserId,
        lookup: &Lookup,
        now: UnixTime,
    ) -> Result<Option<EarlierRequest>, StoreError> {
        self.reachable()?;
        Ok(self.earlier((user, lookup.service), &lookup.idempotency_key, now))
    }

    async fn extend(
        &self,
        id: &ReservationId,
        extend: Extend,
        limits: Limits,
        now: UnixTime,
    ) -> Result<ExtendOutcome, StoreError> {
        self.reachable()?;
        let Some(mut row) = self.take_live(id, now) else { return Ok(ExtendOutcome::Unknown) };
        let amount = i64::from(extend.amount);
        let mut spent = self.spent_of(&row.user, row.service, row.day);
        let outcome = if row.service != extend.service {
            ExtendOutcome::Unknown
        } else if spent + amount > i64::from(limits.user) {
            ExtendOutcome::QuotaExhausted { spent }
        } else if self.total_of(row.service, row.day) + amount > i64::from(limits.all_users) {
            ExtendOutcome::CeilingReached
        } else {
            spent = self.add(&row, amount);
            self.add_total(&row, amount);
            row.amount += amount;
            ExtendOutcome::Extended { spent }
        };
        self.reservations.borrow_mut().insert(*id, row);
        Ok(outcome)
    }

    async fn settle(
        &self,
        id: &ReservationId,
        settlement: &Settlement,
        now: UnixTime,
    ) -> Result<SettleOutcome, StoreError> {
        self.reachable()?;
        let Some(mut row) = self.take_live(id, now) else { return Ok(SettleOutcome::Unknown) };
        match settlement {
            Settlement::Delivered { response, amount } => {
                self.close_circuit(row.service, id);
                let unused = (row.amount - amount.map_or(row.amount, i64::from)).max(0);
                self.add(&row, -unused);
                self.add_total(&row, -unused);
                if let (Some(response), Some(_)) = (response, &row.key) {
                    row.response = Some(response.clone());
                    row.expires = now.0 + i64::from(RESPONSE_SECONDS);
                    self.reservations.borrow_mut().insert(*id, row);
                }
            }
            Settlement::NotDelivered { reason, upstream_called } => {
                match reason {
                    Reason::UpstreamFailed => self.count_failure(&row, id, now),
                    Reason::Other => self.release_probe(row.service, id),
                }
                if !upstream_called {
                    self.add_total(&row, -row.amount);
                } else if !self.may_refund(&row) {
                    return Ok(SettleOutcome::NotRefunded);
                }
                self.add(&row, -row.amount);
            }
        }
        Ok(SettleOutcome::Settled)
    }

    async fn purge_reservations(&self, now: UnixTime) -> Result<(), StoreError> {
        self.reachable()?;
        self.reservations.borrow_mut().retain(|_, row| now.0 < row.expires);
        Ok(())
    }
}
