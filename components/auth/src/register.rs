//! Registration.

use askama::Template;
use http::StatusCode;
use serde_json::json;
use web::{Fields, Layout, Problem, Reply, Request};

use crate::{
    app::AppContext,
    assets::FORMS,
    attempt,
    error::{self, AuthError},
    flash_message::FlashMessage,
    hashing, next,
    password::{self, NewPassword},
    password_hash::PasswordHash,
    route::PREFIX,
    session_cookie, sign_in,
    store::{InsertError, Store},
    throttle::{REGISTER_ADDRESS, REGISTER_ALL, Subject},
    user::{NewUser, UserId},
    username::Username,
};

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage<'a> {
    layout: Layout,
    problem: Option<&'a Problem>,
    username: &'a str,
    next: &'a str,
}

impl RegisterPage<'_> {
    const USERNAME_CHARS_MAX: usize = Username::CHARS_MAX;
    const PASSWORD_CHARS_MIN: usize = password::CHARS_MIN;

    fn error_of(&self, field: &str) -> Option<String> {
        error::field_error(self.problem, field, self.layout.lang)
    }

    fn notice(&self) -> Option<String> {
        error::notice(self.problem, self.layout.lang)
    }

    fn sign_in_href(&self) -> String {
        next::carried("/auth", self.next)
    }
}

/// `GET /register`: the form.
#[must_use]
pub fn show(request: &Request) -> Reply {
    let given = request.query("next");
    let next = next::same_site(given.as_deref());
    let layout = next::layout(request, "/register", next);
    let page = RegisterPage { layout, problem: None, username: "", next };
    Reply::html(StatusCode::OK, &page)
}

/// `POST /register`: the fields `username`, `password` and optionally `next`. A browser is signed in by it.
pub async fn submit<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let fields = match Fields::parse(request) {
        Ok(fields) => fields,
        Err(problem) => return attempt::refused(request, app, problem.into()).await.problem().reply(request),
    };
    let next = next::same_site(fields.get("next"));
    match register(request, app, &fields).await {
        Ok(user) if request.prefers_json() => created(&user),
        Ok(user) => signed_in(request, app, &user, next).await,
        Err(error) => {
            let problem = error.problem();
            if request.prefers_json() {
                return problem.reply(request);
            }
            let username = fields.get("username").unwrap_or_default();
            let layout = next::layout(request, "/register", next);
            let page = RegisterPage { layout, problem: Some(&problem), username, next };
            problem.apply_to(Reply::html(problem.status(), &page))
        }
    }
}

async fn register<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    fields: &Fields,
) -> Result<NewUser, AuthError> {
    let (username, password) = match parse(fields) {
        Ok(parsed) => parsed,
        Err(error) => return Err(attempt::refused(request, app, error).await),
    };
    // Counted before a hash costs 20 MiB, and before the reply reveals whether a name is taken.
    let address = Subject::address(request.client_addr(&app.settings.trusted_proxies));
    if !app.store.count_attempt(&REGISTER_ADDRESS, &address, request.now).await? {
        return Err(AuthError::TooManyTries { retry_after_seconds: REGISTER_ADDRESS.seconds_per_attempt });
    }
    attempt::purge_at_times(request, app).await;
    let everybody = Subject::everybody();
    if !app.store.count_attempt(&REGISTER_ALL, &everybody, request.now).await? {
        return Err(AuthError::RegistrationsClosed { retry_after_seconds: REGISTER_ALL.seconds_per_attempt });
    }
    let hashed = hashing::in_turn(app, || PasswordHash::of(password.as_typed(), app.random.salt)).await;
    if let Err(AuthError::TooBusy { .. }) = hashed {
        app.store.return_attempt(&REGISTER_ADDRESS, &address).await?;
        app.store.return_attempt(&REGISTER_ALL, &everybody).await?;
    }
    let password_hash = hashed?;
    let user = NewUser { id: UserId::from_random(app.random.user_id), username, password_hash };
    match app.store.insert_user(&user, request.now).await {
        Ok(()) => Ok(user),
        Err(InsertError::UsernameTaken) => {
            app.store.return_attempt(&REGISTER_ALL, &everybody).await?;
            Err(AuthError::UsernameTaken)
        }
        Err(InsertError::Store(error)) => Err(error.into()),
    }
}

fn parse(fields: &Fields) -> Result<(Username, NewPassword), AuthError> {
    let username = Username::parse(fields.get("username").unwrap_or_default());
    let password = NewPassword::parse(fields.secret("password"), username.as_ref().ok());
    match (username, password) {
        (Ok(username), Ok(password)) => Ok((username, password)),
        (username, password) => {
            let username = username.err().map(|problem| ("username", problem.text()));
            let password = password.err().map(|problem| ("password", problem.text()));
            Err(AuthError::Invalid(username.into_iter().chain(password).collect()))
        }
    }
}

fn created(user: &NewUser) -> Reply {
    let body = json!({ "user": { "id": user.id.as_str(), "name": user.username.as_str() }, "next": "/auth" });
    Reply::json(StatusCode::CREATED, &body)
}

/// The redirect to the sign-in page, which leads a signed-in browser on to `next`. When no session can be started, the
/// user signs in there.
async fn signed_in<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    user: &NewUser,
    next: &str,
) -> Reply {
    let reply = Reply::see_other(&next::carried("/auth", next)).for_user(user.id.as_str());
    let reply = FlashMessage::Registered.set(request, reply);
    let started = async {
        match app.store.find_by_id(&user.id).await? {
            Some(stored) => sign_in::start_session(request, app, &stored).await,
            None => Ok(None),
        }
    };
    match started.await {
        Ok(Some(token)) => session_cookie::set(reply, request, &token),
        Ok(None) => reply,
        Err(error) => reply.because(format!("registered; no session: {error:?}")),
    }
}
