//! The use case: somebody asks a question. Read from top to bottom.

use std::time::Duration;

use session::{Client, Quota, Service, User};
use web::outbound::Outbound;
use web::{Fields, Request};

use crate::error::Failure;
use crate::question::Question;
use crate::webhook::{self, Answered, Misconfigured, UpstreamError, Webhook, retry};

/// What a question costs of the daily quota.
const COST: u32 = 1;

/// Time, as a port: the edge waits for real, tests move a clock.
#[expect(async_fn_in_trait, reason = "guests run on one thread; no caller needs the future to be Send")]
pub trait Clock {
    /// Since some fixed moment.
    fn elapsed(&self) -> Duration;
    async fn sleep(&self, wait: Duration);
}

/// The component's variables as they come, unread.
#[expect(missing_debug_implementations, reason = "holds secrets, so it must not be printable")]
#[derive(Default)]
pub struct Settings {
    pub auth_url: String,
    pub service_key: String,
    pub webhook_url: String,
    pub webhook_api_key: String,
}

/// What answering needs from outside: the variables, parsed, and the two ports.
#[expect(missing_debug_implementations, reason = "holds secrets, so it must not be printable")]
pub struct Desk<O, C> {
    auth: Client<O>,
    /// Where questions go, or why none can be answered.
    pub(crate) webhook: Result<Webhook, Misconfigured>,
    outbound: O,
    clock: C,
    jitter: u8,
}

impl<O: Outbound + Clone, C: Clock> Desk<O, C> {
    /// `jitter` is a random number that spreads retries.
    #[must_use]
    pub fn open(settings: Settings, outbound: O, clock: C, jitter: u8) -> Self {
        // Without the key nobody can spend a quota, so nobody can ask either.
        let webhook = if settings.service_key.is_empty() {
            Err(Misconfigured::Missing("service_key"))
        } else {
            Webhook::configure(&settings.webhook_url, &settings.webhook_api_key)
        };
        let auth = Client::new(outbound.clone(), settings.auth_url, settings.service_key);
        Self { auth, webhook, outbound, clock, jitter }
    }
}

/// An answer that was paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub question: Question,
    pub answered: Answered,
    pub quota: Quota,
}

/// Answers the question in the body of `request`, for somebody who is signed in.
///
/// # Errors
/// See [`Failure`]. The quota is spent just before the webhook is called, and given back when nothing was
/// delivered.
pub async fn ask<O: Outbound, C: Clock>(request: &Request, desk: &Desk<O, C>) -> Result<Asked, Failure> {
    let fields = Fields::parse(request).map_err(Failure::Body)?;
    let question = Question::parse(fields.get("message")).map_err(Failure::Question)?;
    let webhook = desk.webhook.as_ref().map_err(|wrong| Failure::Misconfigured(*wrong))?;
    let quota = desk.auth.spend(&request.headers, Service::Llm, COST).await.map_err(Failure::Denied)?;
    match call(&question, request, webhook, desk).await {
        Ok(answered) => Ok(Asked { question, answered, quota }),
        Err(error) => {
            let refund = desk.auth.refund(&request.headers, Service::Llm, COST).await;
            Err(Failure::Upstream {
                error,
                refund: refund.map(|_| ()).map_err(|denied| format!("{denied:?}")),
            })
        }
    }
}

/// Who is asking.
///
/// # Errors
/// [`Failure::Denied`]; whatever is not a clear yes from auth is a no.
pub async fn who<O: Outbound, C: Clock>(request: &Request, desk: &Desk<O, C>) -> Result<User, Failure> {
    desk.auth.verify(&request.headers).await.map_err(Failure::Denied)
}

async fn call<O: Outbound, C: Clock>(
    question: &Question,
    request: &Request,
    webhook: &Webhook,
    desk: &Desk<O, C>,
) -> Result<Answered, UpstreamError> {
    let started = desk.clock.elapsed();
    let elapsed = || desk.clock.elapsed().saturating_sub(started);
    for attempt in 1.. {
        let call = webhook.request(question, request.context.request_id.as_str());
        let failure = match desk.outbound.send(call, retry::limits(elapsed())).await {
            Ok(response) => match webhook::reply(response.status(), response.headers(), response.body()) {
                Ok(answered) => return Ok(answered),
                Err(error) => error,
            },
            Err(error) => UpstreamError::Send(error),
        };
        match retry::decide(&failure, attempt, elapsed(), desk.jitter) {
            Some(wait) => desk.clock.sleep(wait).await,
            None => return Err(failure),
        }
    }
    Err(UpstreamError::Unavailable)
}
