//! The front door: what Atelier is, for somebody without an account.

use askama::Template;
use http::StatusCode;
use web::{Layout, Reply, Request};

use crate::{app::AppContext, assets::PHOTO, authentication, route::PREFIX, store::Store};

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    layout: Layout,
}

/// `GET /`: a signed-in user is redirected to the tools, a program to the sign-in form.
pub(crate) async fn show<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    match authentication::find_session(request, app).await {
        Ok(Some(_)) => Reply::see_other("/home"),
        Ok(None) | Err(_) if request.is_from_browser() => {
            Reply::html(StatusCode::OK, &WelcomePage { layout: Layout::new(request) })
        }
        // When the database is unreachable, sign-in says so.
        Ok(None) | Err(_) => Reply::see_other("/auth"),
    }
}
