//! Idempotency keys in memory.

use web::UnixTime;

use super::MemoryStore;
use crate::{
    idempotency::{Found, KEPT_SECONDS, RUNNING_SECONDS_MAX, RequestKey},
    service::Service,
    store::{IdempotencyStore, StoreError},
    ticket::Ticket,
    user::UserId,
};

/// Whose, and which.
pub(super) type Name = (UserId, Service, [u8; 32]);

pub(super) struct Held {
    request_hash: [u8; 32],
    ticket: Ticket,
    answer: Option<String>,
    ends: i64,
}

impl IdempotencyStore for MemoryStore {
    async fn claim(&self, key: &RequestKey<'_>, ticket: &Ticket, now: UnixTime) -> Result<bool, StoreError> {
        self.answer()?;
        let mut keys = self.keys.borrow_mut();
        if keys.get(&name(key)).is_some_and(|held| now.0 < held.ends) {
            return Ok(false);
        }
        let ends = now.0 + RUNNING_SECONDS_MAX;
        keys.insert(name(key), Held { request_hash: key.request_hash, ticket: *ticket, answer: None, ends });
        Ok(true)
    }

    async fn recall(&self, key: &RequestKey<'_>, now: UnixTime) -> Result<Found, StoreError> {
        self.answer()?;
        Ok(match self.keys.borrow().get(&name(key)).filter(|held| now.0 < held.ends) {
            None => Found::Nothing,
            Some(held) if held.request_hash != key.request_hash => Found::AnotherRequest,
            Some(Held { answer: None, .. }) => Found::Running,
            Some(Held { answer: Some(answer), .. }) => Found::Answered(answer.clone()),
        })
    }

    async fn keep_answer(&self, ticket: &Ticket, answer: &str, now: UnixTime) -> Result<(), StoreError> {
        self.answer()?;
        let mut keys = self.keys.borrow_mut();
        for held in keys.values_mut().filter(|held| held.ticket == *ticket && held.answer.is_none()) {
            held.answer = Some(answer.to_owned());
            held.ends = now.0 + KEPT_SECONDS;
        }
        Ok(())
    }

    async fn free_key(&self, ticket: &Ticket) -> Result<(), StoreError> {
        self.answer()?;
        self.keys.borrow_mut().retain(|_, held| held.ticket != *ticket || held.answer.is_some());
        Ok(())
    }

    async fn forget_answers(&self, now: UnixTime) -> Result<(), StoreError> {
        self.answer()?;
        self.keys.borrow_mut().retain(|_, held| now.0 < held.ends);
        Ok(())
    }
}

fn name(key: &RequestKey<'_>) -> Name {
    (key.user.clone(), key.service, key.key_hash)
}

impl MemoryStore {
    /// How many answers are there, ended or not.
    pub(crate) fn answers_held(&self) -> usize {
        self.keys.borrow().values().filter(|held| held.answer.is_some()).count()
    }
}
