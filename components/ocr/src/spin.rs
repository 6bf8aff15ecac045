//! The edge: the only file that names `spin_sdk`. Opens streams, reads variables, keeps time; decides nothing.
//!
//! Memory stays bounded because nothing here collects: request bodies are pulled piece by piece, bodies to Gemini
//! are produced as the host takes them, and a slow reader of events stops the conversion at a full channel.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use session::{Client, Denied, Service, Undelivered, User};
use spin_sdk::http::{Request as Incoming, Response};
use spin_sdk::http_service;
use spin_sdk::wasip3::http_compat::IncomingResponseBody;
use web::log::{Event as LogEvent, Level};
use web::outbound::{Limits, SendError};
use web::spin::{HostClock, Network, RequestBody, ResponseBody, now, variable, within};
use web::stream::{ChunkSender, Ending};
use web::{Clock as _, Reply, Request, event_stream};

use crate::convert::{Conversion, convert};
use crate::error::Failure;
use crate::events::Event;
use crate::gemini::payload::Payload;
use crate::gemini::settings::{Settings, Variables};
use crate::open::{Opened, open};
use crate::page;
use crate::ports::{Answer, Body, BodyError, Edge, Gone};
use crate::route::Format;
use crate::transport::{BETWEEN_BYTES_TIME, CONNECT_TIME};
use crate::upload::Upload;

#[http_service]
async fn serve(incoming: Incoming) -> Response<ResponseBody> {
    web::spin::serve("ocr", incoming, answer).await
}

async fn answer(request: Request, mut body: RequestBody) -> Reply {
    let auth = Client::new(Network, variable("auth_url").await, variable("service_key").await);
    match open(&request, &auth, settings().await).await {
        Opened::Reply(reply) => {
            body.drain().await;
            reply
        }
        Opened::Convert { user, settings } => {
            let upload = Upload {
                content_type: request.header("content-type").unwrap_or_default().to_owned(),
                content_length: body.content_length(),
                body: IncomingFile(body),
            };
            let job = Job { request, user, auth, settings, upload };
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

struct Job {
    request: Request,
    user: User,
    auth: Client<Network>,
    settings: Settings,
    upload: Upload<IncomingFile>,
}

impl Job {
    async fn at_once(self) -> Reply {
        let Self { request, user, auth, settings, upload } = self;
        let edge = SpinEdge { headers: request.headers.clone(), auth, events: None };
        match converted(&edge, &settings, upload).await {
            Ok(conversion) => page::converted(&request, &user, &conversion),
            Err(failure) => page::failed(&request, &user, &failure),
        }
    }

    async fn stream(self) -> Reply {
        let Self { request, user, auth, settings, upload } = self;
        event_stream::reply(async move |events: &ChunkSender| {
            let edge = SpinEdge { headers: request.headers.clone(), auth, events: Some(events) };
            match converted(&edge, &settings, upload).await {
                Ok(conversion) => Ending::Done { last: page::done(&request, &conversion), cause: None },
                Err(failure) => Ending::Failed {
                    reply: Box::new(page::failed(&request, &user, &failure)),
                    last: page::problem(&request, &failure),
                },
            }
        })
        .await
    }
}

/// Converts, and after a failure reads what is left of the upload, so that the client gets to read the answer.
async fn converted(
    edge: &SpinEdge<'_>,
    settings: &Settings,
    mut upload: Upload<IncomingFile>,
) -> Result<Conversion, Failure> {
    let outcome = convert(edge, settings, upload.by_ref()).await;
    if outcome.is_err() {
        upload.body.0.drain().await;
    }
    outcome
}

/// The upload, as the host hands it over.
struct IncomingFile(RequestBody);

impl Body for IncomingFile {
    async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        self.0.chunk(BETWEEN_BYTES_TIME).await
    }
}

struct SpinEdge<'a> {
    headers: HeaderMap,
    auth: Client<Network>,
    events: Option<&'a ChunkSender>,
}

impl Edge for SpinEdge<'_> {
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
            Some(events) => events.send(event.encode()).await.map_err(|_| Gone),
            None => Ok(()),
        }
    }

    async fn sleep(&self, wait: Duration) {
        HostClock.sleep(wait).await;
    }

    fn elapsed(&self) -> Duration {
        HostClock.elapsed()
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
