//! "Who is asking?", for llm, ocr and the gateway's external authorisation.

use http::{HeaderName, HeaderValue, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use web::{Reply, Request};

use crate::{App, access, session::LiveSession, store::Store};

/// `GET /auth/verify`: 204 with `x-user-id` and `x-user-name` (UTF-8, percent-encoded), or 401. Nothing but the
/// cookie counts, and nothing changes but the session's last use.
///
/// The gateway asks at `/auth/verify/` followed by the path of the request that it holds back, and is told 200: Envoy's
/// external authorisation lets that status pass and sends every other one, 204 among them, to the client.
pub async fn verify<S: Store>(request: &Request, app: &App<'_, S>) -> Reply {
    match access::required(request, app).await {
        Ok(session) if request.path().starts_with("/auth/verify/") => {
            Reply { status: StatusCode::OK, ..identified(&session) }
        }
        Ok(session) => identified(&session),
        Err(error) => error.problem().reply(request),
    }
}

fn identified(session: &LiveSession) -> Reply {
    let name = utf8_percent_encode(&session.username, NON_ALPHANUMERIC).to_string();
    let header = |reply: Reply, header: &'static str, text: &str| match HeaderValue::from_str(text) {
        Ok(value) => reply.with(HeaderName::from_static(header), value),
        Err(_) => reply,
    };
    let reply = Reply::no_content().asked_by(session.user_id.as_str());
    header(header(reply, "x-user-id", session.user_id.as_str()), "x-user-name", &name)
}
