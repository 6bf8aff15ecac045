//! The use case: somebody asks a question. Read from top to bottom.

use session::{Begun, Client, Known, Quota, Service, Spent, Undelivered, User};
use web::outbound::Outbound;
use web::{Clock, Fields, Request};

use crate::begin::begin;
use crate::error::Failure;
use crate::idempotency;
use crate::kept;
use crate::question::Question;
use crate::webhook::{self, Answered, Misconfigured, UpstreamError, Webhook, retry};

/// What a question costs of the daily quota.
pub(crate) const COST: u32 = 1;

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
    pub(crate) auth: Client<O>,
    /// Where questions go, or why none can be answered.
    pub(crate) webhook: Result<Webhook, Misconfigured>,
    outbound: O,
    pub(crate) clock: C,
    random: Random,
}

/// Fresh random bytes for one request.
#[derive(Debug, Clone, Copy)]
pub struct Random {
    /// Spreads retries.
    pub jitter: u8,
    /// Becomes the key of the form that the page shows.
    pub form_key: [u8; 16],
}

impl<O: Outbound + Clone, C: Clock> Desk<O, C> {
    #[must_use]
    pub fn open(settings: Settings, outbound: O, clock: C, random: Random) -> Self {
        // Without the key nobody can spend a quota, so nobody can ask either.
        let webhook = if settings.service_key.is_empty() {
            Err(Misconfigured::Missing("service_key"))
        } else {
            Webhook::configure(&settings.webhook_url, &settings.webhook_api_key)
        };
        let auth = Client::new(outbound.clone(), settings.auth_url, settings.service_key);
        Self { auth, webhook, outbound, clock, random }
    }
}

impl<O, C> Desk<O, C> {
    /// The key of the form on the page that answers this request.
    pub(crate) fn form_key(&self) -> String {
        self.random.form_key.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// An answer that was paid for, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub question: Question,
    pub answered: Answered,
    pub quota: Quota,
    /// The same submission was answered before; this is that answer.
    pub replayed: bool,
    /// Why auth does not know of it, for the log: the answer is the user's all the same.
    pub unreported: Option<String>,
}

/// Answers the question in the body of `request`, for somebody who is signed in.
///
/// # Errors
/// See [`Failure`]. The quota is spent just before the webhook is called, and given back when nothing was
/// delivered. The same submission is answered once, however often it comes.
pub async fn ask<O: Outbound, C: Clock>(request: &Request, desk: &Desk<O, C>) -> Result<Asked, Failure> {
    let fields = Fields::parse(request).map_err(Failure::Body)?;
    let question = Question::parse(fields.get("message")).map_err(Failure::Question)?;
    let webhook = desk.webhook.as_ref().map_err(|wrong| Failure::Misconfigured(*wrong))?;
    let once = idempotency::submission(request, &fields, &question).map_err(Failure::Key)?;
    let spent = match begin(request, desk, once.as_ref()).await? {
        Begun::Taken(spent) => spent,
        Begun::Known(Known { answer, quota }) => {
            let answered = kept::read(&answer).ok_or(Failure::FirstFailed)?;
            return Ok(Asked { question, answered, quota, replayed: true, unreported: None });
        }
    };
    match call(&question, request, webhook, desk).await {
        Ok(answered) => {
            let unreported = report(request, desk, &spent, once.is_some().then_some(&answered)).await.err();
            Ok(Asked { question, answered, quota: spent.quota, replayed: false, unreported })
        }
        Err(error) => {
            Err(Failure::Upstream { refund: give_back(request, desk, &spent, &error).await, error })
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

/// Tells auth that the webhook answered, and what, if it may be asked for again.
async fn report<O: Outbound, C: Clock>(
    request: &Request,
    desk: &Desk<O, C>,
    spent: &Spent,
    kept: Option<&Answered>,
) -> Result<(), String> {
    let Some(ticket) = &spent.ticket else { return Ok(()) };
    let answer = kept.map(kept::write);
    let reported = desk.auth.delivered(&request.headers, Service::Llm, ticket, answer.as_deref()).await;
    reported.map_err(|denied| format!("{denied:?}"))
}

async fn give_back<O: Outbound, C: Clock>(
    request: &Request,
    desk: &Desk<O, C>,
    spent: &Spent,
    error: &UpstreamError,
) -> Result<(), String> {
    let why = Undelivered { ticket: spent.ticket.as_ref(), upstream_failed: error.means_ill() };
    let refund = desk.auth.refund(&request.headers, Service::Llm, COST, why).await;
    refund.map(|_| ()).map_err(|denied| format!("{denied:?}"))
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
        match retry::decide(&failure, attempt, elapsed(), desk.random.jitter) {
            Some(wait) => desk.clock.sleep(wait).await,
            None => return Err(failure),
        }
    }
    Err(UpstreamError::Unavailable)
}
