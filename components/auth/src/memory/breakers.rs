//! Breakers in memory.

use web::UnixTime;

use super::MemoryStore;
use crate::{
    breaker::{Admission, Policy, RETRY_WHILE_PROBING_SECONDS},
    service::Service,
    store::{BreakerStore, StoreError},
    ticket::Ticket,
};

pub(super) enum Breaker {
    /// With the failures in a row and the time of the last.
    Closed {
        failures: u32,
        failed: UnixTime,
    },
    Open {
        until: i64,
        pause: u32,
        probe: Option<(Ticket, i64)>,
    },
}

impl BreakerStore for MemoryStore {
    async fn admit(
        &self,
        service: Service,
        ticket: &Ticket,
        policy: &Policy,
        now: UnixTime,
    ) -> Result<Admission, StoreError> {
        self.answer()?;
        let mut breakers = self.breakers.borrow_mut();
        let Some(Breaker::Open { until, probe, .. }) = breakers.get_mut(&service) else {
            return Ok(Admission::Closed);
        };
        if now.0 < *until {
            return Ok(Admission::Open { retry_after_seconds: u32::try_from(*until - now.0).unwrap() });
        }
        if probe.is_some_and(|(_, lease)| now.0 < lease) {
            return Ok(Admission::Open { retry_after_seconds: RETRY_WHILE_PROBING_SECONDS });
        }
        *probe = Some((*ticket, now.0 + i64::from(policy.probe_seconds)));
        Ok(Admission::Probe)
    }

    async fn upstream_answered(&self, service: Service, ticket: &Ticket) -> Result<(), StoreError> {
        self.answer()?;
        self.breakers.borrow_mut().retain(|of, breaker| {
            *of != service
                || matches!(breaker, Breaker::Open { probe, .. } if probe.is_none_or(|(id, _)| id != *ticket))
        });
        Ok(())
    }

    async fn upstream_failed(
        &self,
        service: Service,
        ticket: &Ticket,
        policy: &Policy,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.answer()?;
        let mut breakers = self.breakers.borrow_mut();
        let failures = match breakers.get_mut(&service) {
            Some(Breaker::Open { until, pause, probe }) => {
                if probe.is_some_and(|(id, _)| id == *ticket) {
                    *pause = (*pause * 2).min(policy.pause_seconds_max);
                    *until = now.0 + i64::from(*pause);
                    *probe = None;
                }
                return Ok(());
            }
            Some(Breaker::Closed { failures, failed })
                if now.0 - failed.0 < i64::from(policy.window_seconds) =>
            {
                *failures + 1
            }
            _ => 1,
        };
        let breaker = if failures >= policy.failures {
            let pause = policy.pause_seconds;
            Breaker::Open { until: now.0 + i64::from(pause), pause, probe: None }
        } else {
            Breaker::Closed { failures, failed: now }
        };
        breakers.insert(service, breaker);
        Ok(())
    }

    async fn release_probe(&self, service: Service, ticket: &Ticket) -> Result<(), StoreError> {
        self.answer()?;
        if let Some(Breaker::Open { probe, .. }) = self.breakers.borrow_mut().get_mut(&service) {
            *probe = probe.filter(|(id, _)| id != ticket);
        }
        Ok(())
    }
}
