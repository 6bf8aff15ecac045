//! Identifies the user of a session, for llm, ocr and the gateway's external authorisation.

use auth_api::wire::{USER_ID_HEADER, USER_NAME_HEADER};
use http::{HeaderName, HeaderValue, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use web::{Reply, Request};

use crate::{app::AppContext, authentication, session::LiveSession, store::Store};

/// `GET /auth/verify`: 204 with `x-user-id` and `x-user-name` (UTF-8, percent-encoded), or 401. Only the cookie counts,
/// and only the session's last use changes.
///
/// The gateway calls `/auth/verify/` followed by the path of the request that it holds back, and gets 200: Envoy's
/// external authorisation accepts that status only and forwards any other, also 204, to the client.
pub async fn verify<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    match authentication::require_session(request, app).await {
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
    let reply = Reply::no_content().for_user(session.user_id.as_str());
    header(header(reply, USER_ID_HEADER, session.user_id.as_str()), USER_NAME_HEADER, &name)
}
