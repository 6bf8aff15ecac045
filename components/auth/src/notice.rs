//! One sentence for the next page: a short-lived cookie that names it. It carries no text, so nobody can put
//! words into our mouth, and it decides nothing.

use web::{Reply, Request, Text, cookie};

use crate::session_cookie::is_secure;

const SECONDS_MAX: i64 = 60;

/// What just happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    Registered,
    SignedOut,
    PasswordChanged,
    SessionEnded,
    OtherSessionsEnded,
    AccountDeleted,
}

const ALL: [(Notice, &str, Text); 6] = [
    (
        Notice::Registered,
        "registered",
        Text::new("Votre compte est créé. Connectez-vous.", "Your account has been created. Sign in."),
    ),
    (Notice::SignedOut, "signed-out", Text::new("Vous êtes déconnecté.", "You are signed out.")),
    (
        Notice::PasswordChanged,
        "password-changed",
        Text::new(
            "Votre mot de passe est changé ; vos autres sessions ont pris fin.",
            "Your password has been changed; your other sessions have ended.",
        ),
    ),
    (Notice::SessionEnded, "session-ended", Text::new("La session a pris fin.", "The session has ended.")),
    (
        Notice::OtherSessionsEnded,
        "other-sessions-ended",
        Text::new("Vos autres sessions ont pris fin.", "Your other sessions have ended."),
    ),
    (
        Notice::AccountDeleted,
        "account-deleted",
        Text::new(
            "Votre compte et vos données sont supprimés.",
            "Your account and your data have been deleted.",
        ),
    ),
];

impl Notice {
    /// Leaves the notice for the next page.
    pub(crate) fn leave(self, request: &Request, reply: Reply) -> Reply {
        let name = ALL.iter().find_map(|(notice, name, _)| (*notice == self).then_some(*name));
        match name.and_then(|name| cookie::set(cookie_name(request), name, is_secure(request), SECONDS_MAX)) {
            Some(cookie) => reply.with_cookie(cookie),
            None => reply,
        }
    }
}

/// The notice that was left for this page.
pub(crate) fn read(request: &Request) -> Option<String> {
    let given = request.cookie(cookie_name(request))?;
    ALL.iter().find_map(|(_, name, text)| (*name == given).then(|| text.get(request.lang()).to_owned()))
}

/// Takes the notice away once it is shown.
pub(crate) fn clear(request: &Request, reply: Reply) -> Reply {
    let name = cookie_name(request);
    match request.cookie(name).and_then(|_| cookie::set(name, "", is_secure(request), 0)) {
        Some(cookie) => reply.with_cookie(cookie),
        None => reply,
    }
}

fn cookie_name(request: &Request) -> &'static str {
    if is_secure(request) { "__Host-notice" } else { "notice" }
}
