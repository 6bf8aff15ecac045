//! Signing in: name and password against a new session.
//!
//! An unknown name costs what a wrong password costs and is answered with the same words, so neither the text
//! nor the time tells whether an account exists.

use askama::Template;
use http::StatusCode;
use serde_json::json;
use web::{Fields, Layout, Problem, Reply, Request, Text};

use crate::{
    App, access,
    error::{self, AuthError},
    next, notice,
    password::TypedPassword,
    password_hash::{PasswordHash, Verdict},
    session::{NewSession, SessionToken},
    session_cookie,
    store::{Store, StoreError},
    throttle::{
        Bucket, SIGN_IN_ACCOUNT, SIGN_IN_ACCOUNT_FROM_ADDRESS, SIGN_IN_ADDRESS, Subject, WRONG_PASSWORD,
    },
    user::StoredUser,
    username::{Username, UsernameProblem},
};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    layout: Layout,
    problem: Option<&'a Problem>,
    notice: Option<String>,
    username: &'a str,
    next: &'a str,
}

impl SignInPage<'_> {
    fn error_of(&self, field: &str) -> Option<&str> {
        error::of_field(self.problem, field, self.layout.lang)
    }
}

/// `GET /auth`: the form; whoever is signed in already goes on.
pub async fn show<S: Store>(request: &Request, app: &App<'_, S>) -> Reply {
    let wish = request.query("next");
    let next = next::same_site(wish.as_deref());
    // When the database is down the form is still the right page: submitting it says what is wrong.
    if let Ok(Some(_)) = access::session(request, app).await {
        return Reply::see_other(next);
    }
    let notice = notice::read(request);
    let layout = Layout::new(request);
    let page = SignInPage { layout, problem: None, notice, username: "", next };
    notice::clear(request, Reply::html(StatusCode::OK, &page))
}

/// `POST /auth`: the fields `username`, `password` and, at will, `next`.
pub async fn submit<S: Store>(request: &Request, app: &App<'_, S>) -> Reply {
    let fields = match Fields::parse(request) {
        Ok(fields) => fields,
        Err(problem) => return problem.reply(request),
    };
    let wish = fields.get("next").map(str::to_owned).or_else(|| request.query("next"));
    let next = next::same_site(wish.as_deref());
    match sign_in(request, app, &fields).await {
        Ok((token, user)) => {
            let reply = welcome(request, &user, next).asked_by(user.id.as_str());
            session_cookie::give(reply, request, &token)
        }
        Err(error) => {
            let problem = error.problem();
            if request.wants_json() {
                return problem.reply(request);
            }
            let username = fields.get("username").unwrap_or_default();
            let layout = Layout::new(request);
            let page = SignInPage { layout, problem: Some(&problem), notice: None, username, next };
            problem.dress(Reply::html(problem.status(), &page))
        }
    }
}

async fn sign_in<S: Store>(
    request: &Request,
    app: &App<'_, S>,
    fields: &Fields,
) -> Result<(SessionToken, StoredUser), AuthError> {
    let (name, password) = given(fields)?;
    // A name that no account can have is treated as one that no account has.
    let username = Username::parse(name).ok();
    let tries = Tries::new(request, app, username.as_ref());
    tries.count(app.store, request).await?;

    let user = match &username {
        Some(username) => app.store.find_by_username(username.key()).await?,
        None => None,
    };
    let user = match check(user, password) {
        Err(error @ AuthError::WrongCredentials { .. }) => {
            tries.note_wrong(app.store, request).await?;
            return Err(error);
        }
        other => other?,
    };

    let token = SessionToken::from_random(app.random.token);
    let session = NewSession::new(&token, request.header("user-agent").unwrap_or_default(), request.now);
    let former = session_cookie::token(request).map(|token| token.hash());
    if !app.store.start_session(&user.stored, &session, former.as_ref()).await? {
        return Err(AuthError::WrongCredentials { cause: "password changed while signing in" });
    }
    if user.outdated {
        let stronger = PasswordHash::of(&user.password, app.random.salt)?;
        app.store.replace_hash(&user.stored.id, &user.stored.password_hash, &stronger).await?;
    }
    tries.forgive(app.store).await?;
    if app.random.dice == 0 {
        // Whoever signs in at that moment does not care whether it worked; the next one tries again.
        let _ = app.store.sweep(request.now).await;
    }
    Ok((token, user.stored))
}

fn given(fields: &Fields) -> Result<(&str, &str), AuthError> {
    let name = fields.get("username").unwrap_or_default();
    let password = fields.get("password").unwrap_or_default();
    let mut missing = Vec::new();
    if name.trim().is_empty() {
        missing.push(("username", error::username_text(UsernameProblem::Missing)));
    }
    if password.is_empty() {
        missing.push(("password", Text::new("Indiquez votre mot de passe.", "Enter your password.")));
    }
    if missing.is_empty() { Ok((name, password)) } else { Err(AuthError::Invalid(missing)) }
}

struct Checked {
    stored: StoredUser,
    password: TypedPassword,
    outdated: bool,
}

/// Compares exactly one password with exactly one hash, whatever was found.
fn check(user: Option<StoredUser>, password: &str) -> Result<Checked, AuthError> {
    let nobody = PasswordHash::of_nobody();
    let typed = TypedPassword::parse(password);
    let hash = match (&user, &typed) {
        (Some(user), Some(_)) => &user.password_hash,
        _ => &nobody,
    };
    let verdict = hash.verify(typed.as_ref().unwrap_or(&TypedPassword::of_nobody()))?;
    match (user, typed, verdict) {
        (Some(stored), Some(password), Verdict::Right) => Ok(Checked { stored, password, outdated: false }),
        (Some(stored), Some(password), Verdict::RightButOutdated) => {
            Ok(Checked { stored, password, outdated: true })
        }
        (Some(_), _, _) => Err(AuthError::WrongCredentials { cause: "wrong password" }),
        (None, _, _) => Err(AuthError::WrongCredentials { cause: "unknown account" }),
    }
}

/// What one try at a password counts in.
pub(crate) struct Tries {
    /// Filled before the password is looked at, the narrowest first: who is refused there does not burden the
    /// others.
    before: Vec<(Bucket, Subject)>,
    /// The account from this address, filled once the password was wrong.
    narrow: Option<Subject>,
}

impl Tries {
    pub(crate) fn new<S: Store>(request: &Request, app: &App<'_, S>, account: Option<&Username>) -> Self {
        let address = request.client_addr(&app.settings.trusted_proxies);
        let narrow = account.map(|account| Subject::account_from_address(account.key(), address));
        let mut before = Vec::new();
        if let (Some(account), Some(narrow)) = (account, narrow) {
            before.push((SIGN_IN_ACCOUNT_FROM_ADDRESS, narrow));
            before.push((SIGN_IN_ACCOUNT, Subject::account(account.key())));
        }
        before.push((SIGN_IN_ADDRESS, Subject::address(address)));
        Self { before, narrow }
    }

    /// Counts a try, or refuses it.
    pub(crate) async fn count<S: Store>(&self, store: &S, request: &Request) -> Result<(), AuthError> {
        if let Some(narrow) = &self.narrow
            && !store.has_room(&WRONG_PASSWORD, narrow, request.now).await?
        {
            return Err(AuthError::TooManyTries { retry_after_seconds: WRONG_PASSWORD.seconds_per_try });
        }
        for (bucket, subject) in &self.before {
            if !store.count_try(bucket, subject, request.now).await? {
                return Err(AuthError::TooManyTries { retry_after_seconds: bucket.seconds_per_try });
            }
        }
        Ok(())
    }

    /// The password was wrong.
    pub(crate) async fn note_wrong<S: Store>(&self, store: &S, request: &Request) -> Result<(), StoreError> {
        if let Some(narrow) = &self.narrow {
            // When parallel tries have filled it meanwhile, it is as full as it gets.
            store.count_try(&WRONG_PASSWORD, narrow, request.now).await?;
        }
        Ok(())
    }

    /// The password was right: the account's count starts anew. The address only gets this one try back, or
    /// else an account of one's own would buy endless tries at others'.
    pub(crate) async fn forgive<S: Store>(&self, store: &S) -> Result<(), StoreError> {
        if let Some(narrow) = &self.narrow {
            store.forget_tries(&WRONG_PASSWORD, narrow).await?;
        }
        for (bucket, subject) in &self.before {
            if *bucket == SIGN_IN_ADDRESS {
                store.give_back(bucket, subject).await?;
            } else {
                store.forget_tries(bucket, subject).await?;
            }
        }
        Ok(())
    }
}

fn welcome(request: &Request, user: &StoredUser, next: &str) -> Reply {
    if request.wants_json() {
        let body = json!({
            "user": { "id": user.id.as_str(), "name": user.username },
            "session_expires": session_cookie::expires(request.now),
            "next": next,
        });
        return Reply::json(StatusCode::OK, &body);
    }
    Reply::see_other(next)
}
