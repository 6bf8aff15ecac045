//! The edge: the only file that names `spin_sdk`. Opens streams, reads variables, keeps time; decides nothing.
//!
//! Memory stays bounded because nothing here collects: request bodies are pulled piece by piece, bodies to Gemini
//! are produced as the host takes them, and a slow reader of events stops the conversion at a full channel.

use std::time::Duration;

use bytes::Bytes;
use futures_channel::mpsc::{Receiver, Sender, channel};
use futures_util::lock::Mutex;
use futures_util::{SinkExt as _, StreamExt as _, stream};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use session::{Client, Denied, Service, Undelivered, User};
use spin_sdk::http::{BoxBody, FullBody, Request as Incoming, Response, box_body};
use spin_sdk::http_service;
use spin_sdk::wasip3::http_compat::IncomingResponseBody;
use web::log::{Event as LogEvent, Level};
use web::outbound::{Limits, SendError};
use web::spin::{BodyReader, Network, now, started, variable, within};
use web::{Reply, Request};

use crate::convert::{Conversion, convert};
use crate::error::Failure;
use crate::events::{Event, HEARTBEAT};
use crate::gemini::payload::Payload;
use crate::gemini::settings::{Settings, Variables};
use crate::open::{Opened, open};
use crate::page;
use crate::ports::{Answer, Body, BodyError, Edge, Gone};
use crate::route::Format;
use crate::transport::{BETWEEN_BYTES_TIME, CONNECT_TIME};
use crate::upload::Upload;

/// Between two heartbeats of a stream; proxies close what is quiet for a minute.
const HEARTBEAT_TIME: Duration = Duration::from_secs(10);
/// Events that wait for a slow reader.
const EVENTS_WAITING: usize = 16;

#[http_service]
async fn serve(incoming: Incoming) -> Response<BoxBody> {
    let began = started();
    let (parts, body) = incoming.into_parts();
    let request = web::spin::head(&parts).await;
    let auth = Client::new(Network, variable("auth_url").await, variable("service_key").await);
    let mut body = BodyReader::new(body);
    match open(&request, &auth, settings().await).await {
        Opened::Reply(reply) => {
            body.drain(&request.headers).await;
            whole(&request, began, reply)
        }
        Opened::Convert { user, settings } => {
            let length = request.header("content-length").and_then(|length| length.parse().ok());
            let upload = Upload {
                content_type: request.header("content-type").unwrap_or_default().to_owned(),
                content_length: length,
                body: IncomingFile(body),
            };
            let job = Job { request, user, auth, settings, upload, began };
            if Format::of(&job.request) == Format::Stream { job.stream().await } else { job.at_once().await }
        }
    }
}

async fn settings() -> Result<Settings, &'static str> {
    Settings::parse(&Variables {
        gemini_ai_api_key: variable("gemini_ai_api_key").await,
        gemini_model: variable("gemini_model").await,
        gemini_fallback_models: variable("gemini_fallback_models").await,
        gemini_origin: variable("gemini_origin").await,
    })
}

fn whole(request: &Request, began: u64, reply: Reply) -> Response<BoxBody> {
    let reply = web::finish(reply, &request.context);
    web::spin::log_reply("ocr", &request.context, (&request.method, request.path()), began, &reply);
    web::spin::respond(reply).map(|body: FullBody<Bytes>| box_body(body))
}

struct Job {
    request: Request,
    user: User,
    auth: Client<Network>,
    settings: Settings,
    upload: Upload<IncomingFile>,
    began: u64,
}

impl Job {
    async fn at_once(self) -> Response<BoxBody> {
        let Self { request, user, auth, settings, upload, began } = self;
        let edge = SpinEdge { headers: request.headers.clone(), auth, events: None };
        let reply = match converted(&edge, &settings, upload).await {
            Ok(conversion) => page::converted(&request, &user, &conversion),
            Err(failure) => page::failed(&request, &user, &failure),
        };
        whole(&request, began, reply)
    }

    /// Runs the conversion beside the reply. The first event decides what the reply is: a failure before it is a
    /// status, everything after it is part of the stream.
    async fn stream(self) -> Response<BoxBody> {
        let Self { request, user, auth, settings, upload, began } = self;
        let (sender, mut events) = channel(EVENTS_WAITING);
        // One sender for all events: each clone of it would be granted a place of its own in the channel.
        let edge = SpinEdge { headers: request.headers.clone(), auth, events: Some(Mutex::new(sender)) };
        spin_sdk::wasip3::spawn(async move {
            let outcome = converted(&edge, &settings, upload).await;
            if let Some(events) = edge.events {
                // Whoever has left is told nothing.
                let _ = events.into_inner().send(Told::Ended(Box::new(outcome))).await;
            }
        });
        let first = match events.next().await {
            Some(Told::Event(event)) => Told::Event(event),
            Some(Told::Ended(outcome)) => match *outcome {
                Err(failure) => return whole(&request, began, page::failed(&request, &user, &failure)),
                Ok(conversion) => Told::Ended(Box::new(Ok(conversion))),
            },
            None => return whole(&request, began, page::failed(&request, &user, &Failure::Gone)),
        };
        let head = web::finish(page::stream_head(), &request.context);
        let mut response = Response::new(BoxBody::default());
        *response.status_mut() = head.status;
        *response.headers_mut() = head.headers;
        response.map(|_| box_body(StreamBody::new(told(request, began, first, events))))
    }
}

/// Converts, and after a failure reads what is left of the upload, so that the client gets to read the answer.
async fn converted(
    edge: &SpinEdge,
    settings: &Settings,
    mut upload: Upload<IncomingFile>,
) -> Result<Conversion, Failure> {
    let outcome = convert(edge, settings, upload.by_ref()).await;
    if outcome.is_err() {
        upload.body.0.drain(&edge.headers).await;
    }
    outcome
}

/// What the conversion tells the stream.
enum Told {
    Event(Event),
    Ended(Box<Result<Conversion, Failure>>),
}

/// Events as the frames of a body, with heartbeats while nothing happens; ends after the outcome.
fn told(
    request: Request,
    began: u64,
    first: Told,
    events: Receiver<Told>,
) -> impl futures_util::Stream<Item = Result<http_body::Frame<Bytes>, anyhow::Error>> + Send {
    stream::unfold(Some((request, Some(first), events)), move |state| async move {
        let (request, first, mut events) = state?;
        let next = match first {
            Some(told) => Some(told),
            None => match within(HEARTBEAT_TIME, events.next()).await {
                Some(told) => Some(told?),
                None => None,
            },
        };
        let (bytes, goes_on) = match next {
            None => (Bytes::from_static(HEARTBEAT), true),
            Some(Told::Event(event)) => (event.encode(), true),
            Some(Told::Ended(outcome)) => (ended(&request, began, *outcome), false),
        };
        Some((Ok(http_body::Frame::data(bytes)), goes_on.then_some((request, None, events))))
    })
}

/// The last event, and the log line of the request.
fn ended(request: &Request, began: u64, outcome: Result<Conversion, Failure>) -> Bytes {
    let (reply, bytes) = match outcome {
        Ok(conversion) => (page::stream_head(), page::done(request, &conversion)),
        Err(failure) => (failure.problem().reply(request), page::problem(request, &failure)),
    };
    web::spin::log_reply("ocr", &request.context, (&request.method, request.path()), began, &reply);
    bytes
}

/// The upload, as the host hands it over.
struct IncomingFile(BodyReader);

impl Body for IncomingFile {
    async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        match within(BETWEEN_BYTES_TIME, self.0.chunk()).await {
            None => Err(BodyError::TooSlow),
            Some(piece) => piece.map_err(|error| BodyError::Broken(error.to_string())),
        }
    }
}

struct SpinEdge {
    headers: HeaderMap,
    auth: Client<Network>,
    events: Option<Mutex<Sender<Told>>>,
}

impl Edge for SpinEdge {
    type Answer = Arriving;

    async fn spend(&self, pages: u32) -> Result<(), Denied> {
        self.auth.spend(&self.headers, Service::Ocr, pages).await.map(|_| ())
    }

    async fn refund(&self, pages: u32) {
        if let Err(denied) = self.auth.refund(&self.headers, Service::Ocr, pages, Undelivered::UNKNOWN).await
        {
            let event = LogEvent::new(Level::Error, now(), "ocr", "refund_failed");
            web::spin::log(event.with("pages", pages).with("cause", format!("{denied:?}")));
        }
    }

    async fn send(
        &self,
        mut request: http::Request<Payload>,
        limit: Duration,
    ) -> Result<Arriving, SendError> {
        request.extensions_mut().insert(web::spin::options(Limits {
            connect: CONNECT_TIME,
            first_byte: limit,
            between_bytes: BETWEEN_BYTES_TIME,
            total: limit,
            reply_bytes_max: 0,
        }));
        let request = request.map(|payload| {
            StreamBody::new(stream::iter(
                payload.map(|piece| Ok::<_, std::convert::Infallible>(http_body::Frame::data(piece))),
            ))
        });
        match within(limit, spin_sdk::http::send(request)).await {
            Some(Ok(response)) => {
                let (parts, body) = response.into_parts();
                Ok(Arriving { status: parts.status, headers: parts.headers, body })
            }
            Some(Err(error)) => Err(web::spin::send_error(error)),
            None => Err(SendError::TimedOut("no answer in time".to_owned())),
        }
    }

    async fn tell(&self, event: Event) -> Result<(), Gone> {
        match &self.events {
            Some(events) => events.lock().await.send(Told::Event(event)).await.map_err(|_| Gone),
            None => Ok(()),
        }
    }

    async fn sleep(&self, wait: Duration) {
        spin_sdk::time::sleep(wait).await;
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(started())
    }

    fn jitter(&self) -> u8 {
        let [byte] = web::spin::random();
        byte
    }
}

/// A reply of Gemini's, still arriving.
struct Arriving {
    status: StatusCode,
    headers: HeaderMap,
    body: IncomingResponseBody,
}

impl Answer for Arriving {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    async fn chunk(&mut self, limit: Duration) -> Result<Option<Bytes>, SendError> {
        loop {
            match within(limit, self.body.frame()).await {
                None => return Err(SendError::TimedOut("nothing more in time".to_owned())),
                Some(None) => return Ok(None),
                Some(Some(Err(error))) => return Err(web::spin::send_error(error)),
                Some(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}
