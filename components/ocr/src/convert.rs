//! The use cases: the page with the form, and an upload with its answer, whole or as a stream of events.

use std::time::Duration;

use web::outbound::{Outbound, StreamingOutbound};
use web::stream::{ChunkSender, Ending};
use web::{BodyReader, Clock, IncomingBody, Reply, Request, event_stream};

use auth_api::{Quota, User};

use crate::app::AppContext;
use crate::conversion::{self, Conversion};
use crate::error::Failure;
use crate::page;
use crate::ports::LivePorts;
use crate::route::Format;
use crate::settings::GeminiSettings;
use crate::upload::Upload;

/// The header of a client that has opened the PDF without a password.
const OPENS: &str = "x-pdf-opens";
/// After this much silence a comment is sent.
const EVENTS_SILENCE: Duration = Duration::from_secs(10);

/// `GET /ocr`: the form; 503 when nothing could be converted.
pub(crate) fn show<N: Outbound, C>(
    request: &Request,
    user: &User,
    app: &AppContext<N, C>,
    quota: Option<Quota>,
) -> Reply {
    match &app.gemini {
        Ok(gemini) => page::form(request, user, quota, gemini.is_page_by_page()),
        Err(variable) => page::failed(request, user, &Failure::NotConfigured(variable)),
    }
}

/// `POST /ocr`: the document of an upload. In a stream, the first event decides the status: a failure before it is a
/// whole reply.
pub(crate) async fn submit<N, B, C>(
    request: Request,
    user: User,
    mut body: BodyReader<B, C>,
    app: AppContext<N, C>,
) -> Reply
where
    N: Outbound + StreamingOutbound + 'static,
    B: IncomingBody + 'static,
    C: Clock + 'static,
{
    let gemini = match &app.gemini {
        Ok(gemini) => gemini.clone(),
        Err(variable) => {
            body.drain().await;
            return page::failed(&request, &user, &Failure::NotConfigured(variable));
        }
    };
    if Format::of(&request) == Format::Stream {
        return event_stream::reply(EVENTS_SILENCE, async move |events: &ChunkSender| {
            let ports = LivePorts { app: &app, headers: &request.headers, events: Some(events) };
            match converted(&ports, &gemini, &request, &mut body).await {
                (Ok(conversion), settled) => {
                    Ending::Done { last: page::done(&request, &conversion), cause: settlement_cause(settled) }
                }
                (Err(failure), settled) => Ending::Failed {
                    reply: Box::new(with_settlement(page::failed(&request, &user, &failure), settled)),
                    last: page::problem(&request, &failure),
                },
            }
        })
        .await;
    }
    let ports = LivePorts { app: &app, headers: &request.headers, events: None };
    let (outcome, settled) = converted(&ports, &gemini, &request, &mut body).await;
    let reply = match &outcome {
        Ok(conversion) if Format::of(&request) == Format::Page => {
            let quota = app.auth.user_and_quota(&request.headers).await.ok().map(|(_, quota)| quota);
            page::shown(&request, &user, quota, conversion)
        }
        Ok(conversion) => page::converted(&request, &user, conversion),
        Err(failure) => page::failed(&request, &user, failure),
    };
    with_settlement(reply, settled)
}

/// Converts. After a failure the rest of the upload is read, so that the client can read the answer.
async fn converted<N, B, C>(
    ports: &LivePorts<'_, N, C>,
    gemini: &GeminiSettings,
    request: &Request,
    body: &mut BodyReader<B, C>,
) -> (Result<Conversion, Failure>, conversion::Settled)
where
    N: Outbound + StreamingOutbound,
    B: IncomingBody,
    C: Clock,
{
    let content_type = request.header("content-type").unwrap_or_default();
    let upload = Upload { content_type, body, opens: request.header(OPENS).is_some() };
    let (outcome, settled) = conversion::convert(ports, gemini, upload).await;
    if outcome.is_err() {
        body.drain().await;
    }
    (outcome, settled)
}

fn settlement_cause(settled: conversion::Settled) -> Option<String> {
    settled.err().map(|cause| format!("settlement failed: {cause}"))
}

/// Adds a failed settlement to the cause in the log: the client's answer does not depend on it.
fn with_settlement(mut reply: Reply, settled: conversion::Settled) -> Reply {
    if let Some(cause) = settlement_cause(settled) {
        reply.cause = Some(reply.cause.map_or_else(|| cause.clone(), |first| format!("{first}; {cause}")));
    }
    reply
}
