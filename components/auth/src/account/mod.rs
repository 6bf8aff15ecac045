//! "My account": the password, the sessions, the end of it all. One form per thing, told apart by the field
//! `action`.

mod delete;
mod device;
mod password;
mod sessions;

use askama::Template;
use http::StatusCode;
use serde_json::json;
use web::{Fields, Layout, Problem, Reply, Request, Text};

use crate::{
    App, access,
    error::{self, AuthError},
    moment, notice,
    password_hash::Verdict,
    session::{LiveSession, SessionLine},
    sign_in::Tries,
    store::Store,
    user::StoredUser,
    username::Username,
};

const SIGN_IN: &str = "/auth?next=/account";

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    layout: Layout,
    name: &'a str,
    problem: Option<&'a Problem>,
    /// The form that `problem` belongs to.
    action: &'a str,
    notice: Option<String>,
    sessions: Vec<Line>,
}

impl AccountPage<'_> {
    const PASSWORD_CHARS_MIN: usize = crate::password::CHARS_MIN;

    fn error_of(&self, action: &str, field: &str) -> Option<&str> {
        error::of_field(self.problem.filter(|_| self.action == action), field, self.layout.lang)
    }
}

/// A session as the page lists it.
struct Line {
    handle: String,
    device: String,
    started: String,
    last_seen: String,
    last_seen_at: String,
    current: bool,
}

/// `GET /account`.
pub async fn show<S: Store>(request: &Request, app: &App<'_, S>) -> Reply {
    let shown = async {
        let session = access::required(request, app).await?;
        let lines = app.store.list_sessions(&session.user_id, request.now).await?;
        if request.wants_json() {
            return Ok(as_json(&session, &lines));
        }
        let reply = page(request, &session, &lines, None);
        Ok(notice::clear(request, reply))
    };
    shown.await.unwrap_or_else(|error: AuthError| access::refuse(request, &error, SIGN_IN))
}

/// `POST /account`: `action` is `change_password`, `end_session`, `end_other_sessions` or `delete_account`.
pub async fn submit<S: Store>(request: &Request, app: &App<'_, S>) -> Reply {
    let session = match access::required(request, app).await {
        Ok(session) => session,
        Err(error) => return access::refuse(request, &error, SIGN_IN),
    };
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
    reply.asked_by(session.user_id.as_str())
}

async fn refused<S: Store>(
    request: &Request,
    app: &App<'_, S>,
    session: &LiveSession,
    (action, error): (&str, &AuthError),
) -> Reply {
    let problem = error.problem();
    let lines = app.store.list_sessions(&session.user_id, request.now).await;
    match lines {
        Ok(lines) if !request.wants_json() && !problem.fields().is_empty() => {
            problem.dress(page(request, session, &lines, Some((&problem, action))))
        }
        _ => problem.reply(request),
    }
}

/// The account behind the session, once `given` is its password. Counts as a try at signing in: a session left
/// open must not be a place to guess at leisure.
async fn reauthenticated<S: Store>(
    request: &Request,
    app: &App<'_, S>,
    session: &LiveSession,
    (field, given): (&'static str, &str),
) -> Result<StoredUser, AuthError> {
    let tries = Tries::new(request, app, Username::parse(&session.username).ok().as_ref());
    tries.count(app.store, request).await?;
    let user = app.store.find_by_id(&session.user_id).await?.ok_or(AuthError::SignedOut)?;
    let verdict = match crate::password::TypedPassword::parse(given) {
        Some(typed) => user.password_hash.verify(&typed)?,
        None => Verdict::Wrong,
    };
    if verdict == Verdict::Wrong {
        tries.note_wrong(app.store, request).await?;
        let text = Text::new("Ce n’est pas votre mot de passe actuel.", "This is not your current password.");
        return Err(AuthError::Invalid(vec![(field, text)]));
    }
    tries.forgive(app.store).await?;
    Ok(user)
}

fn page(
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
        started: moment::for_people(line.started, lang),
        last_seen: moment::for_people(line.last_seen, lang),
        last_seen_at: moment::for_programs(line.last_seen),
        current: line.handle == current,
    };
    let page = AccountPage {
        layout: Layout::for_user(request, &session.username),
        name: &session.username,
        problem: problem.map(|(problem, _)| problem),
        action: problem.map_or("", |(_, action)| action),
        notice: notice::read(request),
        sessions: lines.iter().map(line).collect(),
    };
    Reply::html(StatusCode::OK, &page)
}

fn as_json(session: &LiveSession, lines: &[SessionLine]) -> Reply {
    let current = session.token_hash.handle();
    let line = |line: &SessionLine| {
        json!({
            "session": line.handle.as_str(),
            "user_agent": line.user_agent,
            "started": moment::for_programs(line.started),
            "last_seen": moment::for_programs(line.last_seen),
            "current": line.handle == current,
        })
    };
    let user = json!({ "id": session.user_id.as_str(), "name": session.username });
    let sessions: Vec<_> = lines.iter().map(line).collect();
    Reply::json(StatusCode::OK, &json!({ "user": user, "sessions": sessions }))
}

/// Done: back to where the user goes next.
fn done(request: &Request, notice: notice::Notice, next: &'static str) -> Reply {
    if request.wants_json() {
        return Reply::json(StatusCode::OK, &json!({ "next": next }));
    }
    notice.leave(request, Reply::see_other(next))
}
