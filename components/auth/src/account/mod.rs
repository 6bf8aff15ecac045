//! The user's account: password, sessions, deletion. One form per action; the field `action` names it.

mod delete;
mod device;
mod page;
mod password;
mod reauthentication;
mod sessions;

use web::{Fields, Reply, Request, Text};

use crate::{
    app::AppContext, authentication, error::AuthError, flash_message::FlashMessage, session::LiveSession,
    store::Store,
};

const SIGN_IN: &str = "/auth?next=/account";

/// `GET /account`.
pub async fn show<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let shown = async {
        let session = authentication::require_session(request, app).await?;
        let lines = app.store.list_sessions(&session, request.now).await?;
        if request.prefers_json() {
            return Ok(page::json(&session, &lines));
        }
        Ok(FlashMessage::clear(request, page::html(request, &session, &lines, None)))
    };
    shown.await.unwrap_or_else(|error| authentication::redirect_or_problem(request, &error, SIGN_IN))
}

/// `POST /account`: `action` is `change_password`, `end_session`, `end_other_sessions` or `delete_account`.
pub async fn submit<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let session = match authentication::require_session(request, app).await {
        Ok(session) => session,
        Err(error) => return authentication::redirect_or_problem(request, &error, SIGN_IN),
    };
    let request = &request.of_user(&session.username);
    let fields = match Fields::parse(request) {
        Ok(fields) => fields,
        Err(problem) => return problem.reply(request),
    };
    let action = fields.get("action").unwrap_or_default();
    let done = match action {
        "change_password" => password::change(request, app, &session, &fields).await,
        "end_session" => sessions::end(request, app, &session, &fields).await,
        "end_other_sessions" => sessions::end_others(request, app, &session).await,
        "delete_account" => delete::delete(request, app, &session, &fields).await,
        _ => Err(AuthError::Invalid(vec![(
            "action",
            Text::new("Cette action n’existe pas.", "There is no such action."),
        )])),
    };
    let reply = match done {
        Ok(reply) => reply,
        Err(error) => refused(request, app, &session, (action, &error)).await,
    };
    reply.for_user(session.user_id.as_str())
}

/// A problem with a field is shown beside it; any other problem is a page of its own.
async fn refused<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    session: &LiveSession,
    (action, error): (&str, &AuthError),
) -> Reply {
    let problem = error.problem();
    let lines = app.store.list_sessions(session, request.now).await;
    match lines {
        Ok(lines) if !request.prefers_json() && !problem.fields().is_empty() => {
            problem.apply_to(page::html(request, session, &lines, Some((&problem, action))))
        }
        _ => problem.reply(request),
    }
}
