//! Sign-in: verifies a name and a password and starts a session.
//!
//! An unknown name takes as long as a wrong password and gets the same text, so neither reveals whether an account
//! exists.

use askama::Template;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use web::{Fields, Layout, Problem, Reply, Request, Text};

use crate::{
    app::AppContext,
    assets::FORMS,
    attempt::{self, Attempt},
    authentication,
    error::{self, AuthError},
    flash_message::FlashMessage,
    next,
    password::TypedPassword,
    password_hash::{PasswordHash, Verdict},
    route::PREFIX,
    session::{NewSession, SessionToken},
    session_cookie,
    store::Store,
    store_error::StoreError,
    throttle::SIGN_IN_ACCOUNT,
    user::StoredUser,
    username::{Username, UsernameProblem},
};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    layout: Layout,
    problem: Option<&'a Problem>,
    flash: Option<String>,
    /// What the pages stored in the browser is to go: some browsers do not know `Clear-Site-Data`, and none obeys it over
    /// plain HTTP.
    erases: bool,
    username: &'a str,
    next: &'a str,
}

/// To a browser with a cookie that no longer counts.
const SESSION_HAS_ENDED: Text = Text::new(
    "Votre session a pris fin. Reconnectez-vous pour continuer.",
    "Your session has ended. Sign in again to continue.",
);

impl SignInPage<'_> {
    fn error_of(&self, field: &str) -> Option<String> {
        error::field_error(self.problem, field, self.layout.lang)
    }

    /// A problem of no single field: wrong credentials, too many attempts, no database.
    fn notice(&self) -> Option<String> {
        error::notice(self.problem, self.layout.lang)
    }

    fn register_href(&self) -> String {
        next::carried("/register", self.next)
    }
}

/// `GET /auth`: the form, or a redirect when the user is already signed in.
pub async fn show<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let given = request.query("next");
    let next = next::same_site(given.as_deref());
    // An unreachable database is no reason against the form: its submission says what is wrong.
    let session = authentication::find_session(request, app).await;
    if let Ok(Some(_)) = session {
        return Reply::see_other(next);
    }
    let has_ended = matches!(session, Ok(None)) && session_cookie::token(request).is_some();
    let layout = next::layout(request, "/auth", next);
    let message = FlashMessage::read(request);
    let erases = message.is_some_and(FlashMessage::is_farewell);
    let flash = message.map(|message| message.text(layout.lang));
    let flash = flash.or_else(|| has_ended.then(|| SESSION_HAS_ENDED.get(layout.lang)));
    let page = SignInPage { layout, problem: None, flash, erases, username: "", next };
    FlashMessage::clear(request, Reply::html(StatusCode::OK, &page))
}

/// `POST /auth`: the fields `username`, `password` and optionally `next`.
pub async fn submit<S: Store>(request: &Request, app: &AppContext<'_, S>) -> Reply {
    let fields = match Fields::parse(request) {
        Ok(fields) => fields,
        Err(problem) => return attempt::refused(request, app, problem.into()).await.problem().reply(request),
    };
    let given = fields.get("next").map(str::to_owned).or_else(|| request.query("next"));
    let next = next::same_site(given.as_deref());
    match sign_in(request, app, &fields).await {
        Ok((token, user)) => {
            let reply = signed_in(request, &user, next).for_user(user.id.as_str());
            session_cookie::set(reply, request, &token)
        }
        Err(error) => {
            let problem = error.problem();
            if request.prefers_json() {
                return problem.reply(request);
            }
            let username = fields.get("username").unwrap_or_default();
            let layout = next::layout(request, "/auth", next);
            let page =
                SignInPage { layout, problem: Some(&problem), flash: None, erases: false, username, next };
            problem.apply_to(Reply::html(problem.status(), &page))
        }
    }
}

async fn sign_in<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    fields: &Fields,
) -> Result<(SessionToken, StoredUser), AuthError> {
    let (name, password) = match credentials(fields) {
        Ok(given) => given,
        Err(error) => return Err(attempt::refused(request, app, error).await),
    };
    // A name that is not valid is treated as one that no account has.
    let username = Username::parse(name).ok();
    let mut attempt = Attempt::new(request, app, username.as_ref(), SIGN_IN_ACCOUNT);
    attempt.count(app.store, request).await?;
    attempt::purge_at_times(request, app).await;

    let user = match &username {
        Some(username) => app.store.find_by_username(username.key()).await?,
        None => None,
    };
    let user = match attempt.in_turn(app, || check(user, password, app.random.salt)).await {
        Err(error @ AuthError::WrongCredentials { .. }) => {
            attempt.record_failure(app.store, request).await?;
            return Err(error);
        }
        other => other?,
    };

    let Some(token) = start_session(request, app, &user.stored).await? else {
        return Err(AuthError::WrongCredentials { cause: "password changed while signing in" });
    };
    if let Some(stronger) = &user.stronger {
        app.store.replace_hash(&user.stored.id, &user.stored.password_hash, stronger).await?;
    }
    attempt.record_success(app.store, request).await?;
    Ok((token, user.stored))
}

/// Starts a session of `user` and ends the browser's former one. `None` when the password has changed since `user` was
/// read.
pub(crate) async fn start_session<S: Store>(
    request: &Request,
    app: &AppContext<'_, S>,
    user: &StoredUser,
) -> Result<Option<SessionToken>, StoreError> {
    let token = SessionToken::from_random(app.random.token);
    let session = NewSession::new(&token, request.header("user-agent").unwrap_or_default(), request.now);
    let former = session_cookie::token(request).map(|token| token.hash());
    let started = app.store.start_session(user, &session, former.as_ref()).await?;
    Ok(started.then_some(token))
}

fn credentials(fields: &Fields) -> Result<(&str, &SecretString), AuthError> {
    let name = fields.get("username").filter(|name| !name.trim().is_empty());
    let password = fields.secret("password").filter(|password| !password.expose_secret().is_empty());
    if let (Some(name), Some(password)) = (name, password) {
        return Ok((name, password));
    }
    let no_name = name.is_none().then(|| ("username", UsernameProblem::Missing.text()));
    let text = Text::new("Indiquez votre mot de passe.", "Enter your password.");
    let no_password = password.is_none().then_some(("password", text));
    Err(AuthError::Invalid(no_name.into_iter().chain(no_password).collect()))
}

struct Checked {
    stored: StoredUser,
    /// In place of a hash with outdated parameters.
    stronger: Option<PasswordHash>,
}

/// Verifies exactly one password against exactly one hash, whether the account exists or not. A right one whose hash is
/// outdated is hashed again, in the same turn.
fn check(user: Option<StoredUser>, password: &SecretString, salt: [u8; 16]) -> Result<Checked, AuthError> {
    let dummy = PasswordHash::dummy();
    let typed = TypedPassword::parse(password);
    let hash = match (&user, &typed) {
        (Some(user), Some(_)) => &user.password_hash,
        _ => &dummy,
    };
    let verdict = hash.verify(typed.as_ref().unwrap_or(&TypedPassword::dummy()))?;
    match (user, typed, verdict) {
        (Some(stored), Some(_), Verdict::Right) => Ok(Checked { stored, stronger: None }),
        (Some(stored), Some(password), Verdict::RightButOutdated) => {
            let stronger = Some(PasswordHash::of(&password, salt)?);
            Ok(Checked { stored, stronger })
        }
        (Some(_), _, _) => Err(AuthError::WrongCredentials { cause: "wrong password" }),
        (None, _, _) => Err(AuthError::WrongCredentials { cause: "unknown account" }),
    }
}

fn signed_in(request: &Request, user: &StoredUser, next: &str) -> Reply {
    if request.prefers_json() {
        let body = json!({
            "user": { "id": user.id.as_str(), "name": user.username },
            "session_expires": session_cookie::expires(request.now),
            "next": next,
        });
        return Reply::json(StatusCode::OK, &body);
    }
    Reply::see_other(next)
}
