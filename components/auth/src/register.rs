//! Registration.

use askama::Template;
use http::StatusCode;
use serde_json::json;
use web::{Fields, Layout, Problem, Reply, Request};

use crate::{
    app::AppContext,
    attempt,
    error::{self, AuthError},
    flash_message::FlashMessage,
    password::{self, NewPassword},
    password_hash::PasswordHash,
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
}

impl RegisterPage<'_> {
    const USERNAME_CHARS_MAX: usize = Username::CHARS_MAX;
    const PASSWORD_CHARS_MIN: usize = password::CHARS_MIN;

    fn error_of(&self, field: &str) -> Option<&str> {
        error::field_error(self.problem, field, self.layout.lang)
    }
}

/// `GET /register`: the form.
#[must_use]
pub fn show(request: &Request) -> Reply {
    let page = RegisterPage { layout: Layout::new(request), problem: None, username: "" };
    Reply::html(StatusCode::OK, &page)
}

/// `POST /register`: the fields `username` and `password`.
pub async fn submit<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let fields = match Fields::parse(request) {
        Ok(fields) => fields,
        Err(problem) => return attempt::refused(request, app, problem.into()).await.problem().reply(request),
    };
    match register(request, app, &fields).await {
        Ok(user) => created(request, &user),
        Err(error) => {
            let problem = error.problem();
            if request.prefers_json() {
                return problem.reply(request);
            }
            let username = fields.get("username").unwrap_or_default();
            let page = RegisterPage { layout: Layout::new(request), problem: Some(&problem), username };
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
    let everybody = Subject::everybody();
    if !app.store.count_attempt(&REGISTER_ALL, &everybody, request.now).await? {
        return Err(AuthError::RegistrationsClosed { retry_after_seconds: REGISTER_ALL.seconds_per_attempt });
    }
    let user = NewUser {
        id: UserId::from_random(app.random.user_id),
        username,
        password_hash: PasswordHash::of(password.as_typed(), app.random.salt)?,
    };
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

fn created(request: &Request, user: &NewUser) -> Reply {
    if request.prefers_json() {
        let body =
            json!({ "user": { "id": user.id.as_str(), "name": user.username.as_str() }, "next": "/auth" });
        return Reply::json(StatusCode::CREATED, &body);
    }
    FlashMessage::Registered.set(request, Reply::see_other("/auth"))
}
