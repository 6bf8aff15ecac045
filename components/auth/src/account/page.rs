//! The account as a page and as JSON.

use askama::Template;
use http::StatusCode;
use serde_json::json;
use web::{Layout, Problem, Reply, Request};

use super::device;
use crate::{
    assets::FORMS,
    date_format, error,
    flash_message::FlashMessage,
    route::PREFIX,
    session::{LiveSession, SessionLine},
};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    layout: Layout,
    name: &'a str,
    user_id: &'a str,
    problem: Option<&'a Problem>,
    /// The form that `problem` belongs to.
    action: &'a str,
    flash: Option<String>,
    sessions: Vec<Line>,
}

impl AccountPage<'_> {
    const PASSWORD_CHARS_MIN: usize = crate::password::CHARS_MIN;

    fn error_of(&self, action: &str, field: &str) -> Option<String> {
        error::field_error(self.problem.filter(|_| self.action == action), field, self.layout.lang)
    }

    /// A problem of no form on the page.
    fn notice(&self) -> Option<String> {
        let known = ["change_password", "delete_account"].contains(&self.action);
        self.problem.filter(|_| !known).map(|problem| problem.detail(self.layout.lang))
    }
}

/// A session as the page lists it.
struct Line {
    handle: String,
    device: String,
    started: String,
    started_at: String,
    last_seen: String,
    last_seen_at: String,
    current: bool,
}

/// The page; `problem` comes with the `action` of the form that it belongs to.
pub(super) fn html(
    request: &Request,
    session: &LiveSession,
    lines: &[SessionLine],
    problem: Option<(&Problem, &str)>,
) -> Reply {
    let lang = request.lang();
    let current = session.token_hash.handle();
    let line = |line: &SessionLine| Line {
        handle: line.handle.as_str().to_owned(),
        device: device::name(&line.user_agent, lang),
        started: date_format::ago(line.started, request.now, lang),
        started_at: date_format::rfc3339(line.started),
        last_seen: date_format::ago(line.last_seen, request.now, lang),
        last_seen_at: date_format::rfc3339(line.last_seen),
        current: line.handle == current,
    };
    let page = AccountPage {
        layout: Layout::for_user(request, &session.username),
        name: &session.username,
        user_id: session.user_id.as_str(),
        problem: problem.map(|(problem, _)| problem),
        action: problem.map_or("", |(_, action)| action),
        flash: FlashMessage::read(request).map(|message| message.text(request.lang())),
        sessions: lines.iter().map(line).collect(),
    };
    Reply::html(StatusCode::OK, &page)
}

pub(super) fn json(session: &LiveSession, lines: &[SessionLine]) -> Reply {
    let current = session.token_hash.handle();
    let line = |line: &SessionLine| {
        json!({
            "session": line.handle.as_str(),
            "user_agent": line.user_agent,
            "started": date_format::rfc3339(line.started),
            "last_seen": date_format::rfc3339(line.last_seen),
            "current": line.handle == current,
        })
    };
    let user = json!({ "id": session.user_id.as_str(), "name": session.username });
    let sessions: Vec<_> = lines.iter().map(line).collect();
    Reply::json(StatusCode::OK, &json!({ "user": user, "sessions": sessions }))
}

/// The reply of a successful action: a redirect to `next` with a flash message, or `next` as JSON.
pub(super) fn done(request: &Request, message: FlashMessage, next: &'static str) -> Reply {
    if request.prefers_json() {
        return Reply::json(StatusCode::OK, &json!({ "next": next }));
    }
    message.set(request, Reply::see_other(next))
}
