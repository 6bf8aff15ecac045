//! The start page: the tools, and what is left of today's quotas.

use askama::Template;
use auth_api::Quota;
use http::StatusCode;
use serde_json::json;
use web::{Layout, Reply, Request};

use crate::{
    app::AppContext,
    authentication, date_format,
    error::AuthError,
    flash_message::FlashMessage,
    metering::{day::Day, quota::remaining},
    session::LiveSession,
    store::Store,
};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    layout: Layout,
    name: &'a str,
    llm: Quota,
    ocr: Quota,
    flash: Option<String>,
    /// When the quotas are renewed, in Paris.
    renewal_hour: u8,
}

/// `GET /home`.
pub async fn show<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    match quotas(request, app).await {
        Ok((session, llm, ocr)) => page(request, &session, llm, ocr),
        Err(error) => authentication::redirect_or_problem(request, &error, "/auth"),
    }
}

async fn quotas<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
) -> Result<(LiveSession, Quota, Quota), AuthError> {
    let session = authentication::require_session(request, app).await?;
    let spent = app.store.spent(&session.user_id, Day::of(request.now)).await?;
    let limits = app.settings.daily_limits;
    Ok((session, remaining(limits.llm_questions, spent.llm), remaining(limits.ocr_pages, spent.ocr)))
}

fn page(request: &Request, session: &LiveSession, llm: Quota, ocr: Quota) -> Reply {
    if request.prefers_json() {
        let body = json!({
            "user": { "id": session.user_id.as_str(), "name": session.username },
            "quotas": { "llm": llm, "ocr": ocr },
        });
        return Reply::json(StatusCode::OK, &body);
    }
    let page = HomePage {
        layout: Layout::for_user(request, &session.username),
        name: &session.username,
        llm,
        ocr,
        flash: FlashMessage::read(request),
        renewal_hour: date_format::renewal_hour_in_paris(request.now),
    };
    FlashMessage::clear(request, Reply::html(StatusCode::OK, &page))
}
