//! The start page: the tools, and what is left of today's quotas.

use askama::Template;
use auth_api::Quota;
use http::StatusCode;
use serde_json::json;
use web::{Layout, Reply, Request};

use crate::{
    app::AppContext,
    authentication, date_format,
    flash_message::FlashMessage,
    metering::quota::{DailyLimits, remaining},
    session::LiveSession,
    store::Store,
};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    layout: Layout,
    name: &'a str,
    user_id: &'a str,
    llm: Quota,
    ocr: Quota,
    flash: Option<String>,
    /// When the quotas are renewed, in Paris.
    renewal_hour: u8,
}

/// `GET /home`.
pub async fn show<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    match authentication::require_session(request, app).await {
        Ok(session) => page(request, &session, app.settings.daily_limits),
        Err(error) => authentication::redirect_or_problem(request, &error, "/auth"),
    }
}

fn page(request: &Request, session: &LiveSession, limits: DailyLimits) -> Reply {
    let llm = remaining(limits.llm_questions, session.spent.llm);
    let ocr = remaining(limits.ocr_pages, session.spent.ocr);
    if request.prefers_json() {
        let body = json!({
            "user": { "id": session.user_id.as_str(), "name": session.username },
            "quotas": { "llm": llm, "ocr": ocr },
        });
        return Reply::json(StatusCode::OK, &body).for_user(session.user_id.as_str());
    }
    let page = HomePage {
        layout: Layout::for_user(request, &session.username),
        name: &session.username,
        user_id: session.user_id.as_str(),
        llm,
        ocr,
        flash: FlashMessage::read(request).map(|message| message.text(request.lang())),
        renewal_hour: date_format::renewal_hour_in_paris(request.now),
    };
    FlashMessage::clear(request, Reply::html(StatusCode::OK, &page))
}
