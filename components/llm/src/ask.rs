//! The use cases: the page with the form, and a question with its answer, whole or as a stream of events.

use std::time::Duration;

use auth_api::{Denied, Quota, Reason, Refund, Replayed, Reservation, ReservationId, Settlement};
use serde_json::json;
use web::outbound::{Outbound, StreamingOutbound};
use web::stream::{ChunkSender, Ending};
use web::{Clock, Fields, Reply, Request, event_stream};

use crate::app::AppContext;
use crate::chat;
use crate::error::Failure;
use crate::idempotency;
use crate::mode::{self, Mode};
use crate::model_answer::{Cut, ModelAnswer};
use crate::page::{self, AnswerOutcome, Entered, PageContext, Settled};
use crate::prompt::Prompt;
use crate::provider::Provider;
use crate::question::Question;
use crate::reserve::reserve;
use crate::retry;
use crate::stored_response;
use crate::upstream::UpstreamError;
use crate::webhook::{self, Webhook};

/// After this much silence a comment is sent, which is how a cancelled question is noticed.
const EVENTS_SILENCE: Duration = Duration::from_secs(2);

/// `GET /llm`: the form; 503 when no question could be answered.
pub(crate) fn show<O, C>(context: &PageContext, app: &AppContext<O, C>, quota: Option<Quota>) -> Reply {
    match (&app.provider, &app.tutor_modes) {
        (Ok(_), Ok(_)) => page::form(context, quota),
        (Err(wrong), _) | (_, Err(wrong)) => page::failed(context, &Failure::Misconfigured(*wrong)),
    }
}

/// `POST /send`: the answer to a question. A page whose provider streams reads the text as events while it is written, and
/// the last event is the page that it would get otherwise. What fails before the first event is a whole reply.
pub(crate) async fn submit<O, C>(context: PageContext, app: AppContext<O, C>) -> Reply
where
    O: Outbound + StreamingOutbound + 'static,
    C: Clock + 'static,
{
    let provider_streams = app.provider.as_ref().is_ok_and(Provider::streams);
    if !(provider_streams && page::wants_events(&context.request)) {
        return reply(context, &app, None).await;
    }
    event_stream::reply(EVENTS_SILENCE, async move |events: &ChunkSender| {
        let reply = reply(context, &app, Some(events)).await;
        let last = page::last_event(&reply);
        match reply.status.is_success() {
            true => Ending::Done { last, cause: reply.cause },
            false => Ending::Failed { reply: Box::new(reply), last },
        }
    })
    .await
}

async fn reply<O, C>(mut context: PageContext, app: &AppContext<O, C>, events: Option<&ChunkSender>) -> Reply
where
    O: Outbound + StreamingOutbound,
    C: Clock,
{
    let fields = match Fields::parse(&context.request) {
        Ok(fields) => fields,
        Err(problem) => return page::failed(&context, &Failure::Body(problem)),
    };
    context.entered = Entered::read(&fields, context.form.offers_modes);
    match answer(&context, &fields, app, events).await {
        Ok(outcome) => page::answered(&context, &outcome),
        Err(failure) => {
            // The form keeps the key of a question in progress, so that sending it again does not ask a second one.
            if let (Failure::Denied(Denied::InProgress), Some(key)) =
                (&failure, fields.get(idempotency::FIELD))
            {
                key.clone_into(&mut context.form.key);
            }
            page::failed(&context, &failure)
        }
    }
}

/// Answers the question in `fields`. One submission is answered and paid once, however often it is sent. A settlement
/// that fails does not cost the user the answer.
async fn answer<O, C>(
    context: &PageContext,
    fields: &Fields,
    app: &AppContext<O, C>,
    events: Option<&ChunkSender>,
) -> Result<AnswerOutcome, Failure>
where
    O: Outbound + StreamingOutbound,
    C: Clock,
{
    let request = &context.request;
    let question = Question::parse(fields.get("message")).map_err(Failure::Question)?;
    let offers_modes = app.tutor_modes.map_err(Failure::Misconfigured)?;
    let mode = Mode::parse(fields.get(mode::FIELD), offers_modes).map_err(Failure::Mode)?;
    let prompt = Prompt::new(&context.entered.conversation, &question, mode, request.lang());
    let provider = app.provider.as_ref().map_err(|wrong| Failure::Misconfigured(*wrong))?;
    let key = idempotency::key(request, fields, &prompt).map_err(Failure::Key)?;
    let reserved = match reserve(request, key.as_ref(), time_max(provider), app).await? {
        Reservation::Reserved(reserved) => reserved,
        Reservation::Replayed(Replayed { response, quota }) => {
            let answer = stored_response::read(&response).ok_or(Failure::FirstFailed)?;
            return Ok(AnswerOutcome {
                question,
                answer,
                quota,
                replayed: true,
                settled: Ok(Refund::AsAsked),
            });
        }
    };
    let id = &reserved.reservation_id;
    let outcome = call(request, &prompt, provider, app, events).await;
    let settlement = match &outcome {
        Ok(ModelAnswer { cut: Some(Cut::Failure(error)), .. }) | Err(error) => not_delivered(error),
        Ok(answer) => {
            let response = key.is_some().then(|| stored_response::write(answer, provider.streams()));
            Settlement::Delivered { response, amount: None }
        }
    };
    let settled = settle(request, id, settlement, app).await;
    match outcome {
        Ok(answer) => Ok(AnswerOutcome { question, answer, quota: reserved.quota, replayed: false, settled }),
        Err(error) => Err(Failure::Upstream { error, settled }),
    }
}

const fn not_delivered(error: &UpstreamError) -> Settlement {
    let reason = if error.counts_as_failure() { Reason::UpstreamFailed } else { Reason::Other };
    Settlement::NotDelivered { reason, upstream_called: error.may_have_cost() }
}

async fn settle<O: Outbound, C: Clock>(
    request: &Request,
    id: &ReservationId,
    settlement: Settlement,
    app: &AppContext<O, C>,
) -> Settled {
    let settled = app.auth.settle(&request.headers, id, &settlement).await;
    settled.map_err(|denied| format!("{denied:?}"))
}

/// How long an answer may take.
const fn time_max(provider: &Provider) -> Duration {
    match provider {
        Provider::Make(_) => webhook::TOTAL_MAX,
        Provider::Chat(_) => chat::TOTAL_MAX,
    }
}

async fn call<O: Outbound + StreamingOutbound, C: Clock>(
    request: &Request,
    prompt: &Prompt,
    provider: &Provider,
    app: &AppContext<O, C>,
    events: Option<&ChunkSender>,
) -> Result<ModelAnswer, UpstreamError> {
    let request_id = request.context.request_id.as_str();
    let deadline = app.ports.clock.elapsed() + time_max(provider);
    match provider {
        Provider::Make(webhook) => call_webhook(request_id, prompt, webhook, app, deadline).await,
        Provider::Chat(api) => {
            let AppContext { ports, jitter, .. } = app;
            let call = chat::Call { api, prompt, request_id, ports, jitter: *jitter, events, deadline };
            let Some(events) = events else { return chat::ask(&call).await };
            // From now on the client is told what happens, and a comment now and then shows whether it listens.
            let started = event_stream::event("progress", &json!({ "stage": "asking" }));
            events.send(started).await.map_err(|_| UpstreamError::Abandoned)?;
            // A client that disconnects ends the call, whatever it waits for.
            let asked = events.while_connected(&ports.clock, chat::ask(&call)).await;
            asked.map_err(|_| UpstreamError::Abandoned)?
        }
    }
}

/// Calls the webhook, again where that is safe.
async fn call_webhook<O: Outbound, C: Clock>(
    request_id: &str,
    prompt: &Prompt,
    webhook: &Webhook,
    app: &AppContext<O, C>,
    deadline: Duration,
) -> Result<ModelAnswer, UpstreamError> {
    let clock = &app.ports.clock;
    retry::repeat(clock, deadline, app.jitter, async || {
        let left = deadline.saturating_sub(clock.elapsed());
        let sent = app.ports.outbound.send(webhook.request(prompt, request_id), webhook::limits(left)).await;
        webhook::reply(&sent.map_err(UpstreamError::Send)?)
    })
    .await
}
