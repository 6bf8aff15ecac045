//! The use cases: the page with the form, and a question with its answer.

use auth_api::{Denied, Reason, Refund, Replayed, Reservation, ReservationId, Settlement};
use web::{Clock, Fields, Reply, Request, outbound::Outbound};

use crate::app::AppContext;
use crate::error::Failure;
use crate::idempotency;
use crate::mode::{self, Mode};
use crate::page::{self, AnswerOutcome, Entered, PageContext};
use crate::prompt::Prompt;
use crate::question::Question;
use crate::reserve::reserve;
use crate::stored_response;
use crate::webhook::{self, UpstreamError, Webhook, WebhookAnswer, retry};

/// `GET /llm`: the form; 503 when no question could be answered.
pub(crate) fn show<O, C>(context: &PageContext<'_>, app: &AppContext<O, C>) -> Reply {
    match app.webhook.as_ref().and(app.tutor_modes.as_ref()) {
        Ok(_) => page::form(context),
        Err(wrong) => page::failed(context, &Failure::Misconfigured(*wrong)),
    }
}

/// `POST /send`: the answer to a question.
pub(crate) async fn submit<O: Outbound, C: Clock>(
    mut context: PageContext<'_>,
    app: &AppContext<O, C>,
) -> Reply {
    let fields = match Fields::parse(context.request) {
        Ok(fields) => fields,
        Err(problem) => return page::failed(&context, &Failure::Body(problem)),
    };
    context.entered = Entered::read(&fields, context.offers_modes);
    match answer(&context, &fields, app).await {
        Ok((outcome, Ok(_))) => page::answered(&context, &outcome),
        Ok((outcome, Err(cause))) => {
            page::answered(&context, &outcome).because(format!("answered; settlement failed: {cause}"))
        }
        Err(failure) => {
            // The form keeps the key of a question in progress, so that sending it again does not ask a second one.
            if let (Failure::Denied(Denied::InProgress), Some(key)) =
                (&failure, fields.get(idempotency::FIELD))
            {
                key.clone_into(&mut context.form_key);
            }
            page::failed(&context, &failure)
        }
    }
}

/// What auth did with the settlement; if that is not known, the cause, for the log.
type Settled = Result<Refund, String>;

/// Answers the question in `fields`. One submission is answered and paid once, however often it is sent. A settlement
/// that fails does not cost the user the answer.
async fn answer<O: Outbound, C: Clock>(
    context: &PageContext<'_>,
    fields: &Fields,
    app: &AppContext<O, C>,
) -> Result<(AnswerOutcome, Settled), Failure> {
    let request = context.request;
    let question = Question::parse(fields.get("message")).map_err(Failure::Question)?;
    let offers_modes = app.tutor_modes.map_err(Failure::Misconfigured)?;
    let mode = Mode::parse(fields.get(mode::FIELD), offers_modes).map_err(Failure::Mode)?;
    let prompt = Prompt::new(&context.entered.conversation, &question, mode, request.lang());
    let webhook = app.webhook.as_ref().map_err(|wrong| Failure::Misconfigured(*wrong))?;
    let key = idempotency::key(request, fields, &prompt).map_err(Failure::Key)?;
    let reserved = match reserve(request, key.as_ref(), app).await? {
        Reservation::Reserved(reserved) => reserved,
        Reservation::Replayed(Replayed { response, quota }) => {
            let answer = stored_response::read(&response).ok_or(Failure::FirstFailed)?;
            return Ok((AnswerOutcome { question, answer, quota, replayed: true }, Ok(Refund::AsAsked)));
        }
    };
    let id = &reserved.reservation_id;
    match call(request, &prompt, webhook, app).await {
        Ok(answer) => {
            let response = key.is_some().then(|| stored_response::write(&answer));
            let settled = settle(request, id, Settlement::Delivered { response, amount: None }, app).await;
            Ok((AnswerOutcome { question, answer, quota: reserved.quota, replayed: false }, settled))
        }
        Err(error) => {
            let reason = if error.counts_as_failure() { Reason::UpstreamFailed } else { Reason::Other };
            let settlement = Settlement::NotDelivered { reason, upstream_called: error.may_have_cost() };
            let settled = settle(request, id, settlement, app).await;
            Err(Failure::Upstream { error, settled })
        }
    }
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

/// Calls the webhook, again where that is safe.
async fn call<O: Outbound, C: Clock>(
    request: &Request,
    prompt: &Prompt,
    webhook: &Webhook,
    app: &AppContext<O, C>,
) -> Result<WebhookAnswer, UpstreamError> {
    let clock = &app.ports.clock;
    let started = clock.elapsed();
    let elapsed = || clock.elapsed().saturating_sub(started);
    let mut attempt = 1;
    loop {
        let call = webhook.request(prompt, request.context.request_id.as_str());
        let error = match app.ports.outbound.send(call, retry::limits(elapsed())).await {
            Ok(response) => match webhook::reply(&response) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            },
            Err(error) => UpstreamError::Send(error),
        };
        match retry::decide(&error, attempt, elapsed(), app.jitter) {
            Some(wait) => clock.sleep(wait).await,
            None => return Err(error),
        }
        attempt += 1;
    }
}
