//! Help, privacy and contact, on one page for everybody.

use askama::Template;
use http::StatusCode;
use web::{Layout, Reply, Request};

use crate::{app::AppContext, authentication, metering::quota::DailyLimits, store::Store};

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    layout: Layout,
    limits: DailyLimits,
}

/// `GET /help`.
pub async fn show<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let layout = match authentication::find_session(request, app).await {
        Ok(Some(session)) => Layout::for_user(request, &session.username),
        // The page does not depend on the database.
        Ok(None) | Err(_) => Layout::new(request),
    };
    Reply::html(StatusCode::OK, &HelpPage { layout, limits: app.settings.daily_limits })
}
