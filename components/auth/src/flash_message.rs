//! A flash message: one sentence that the next page shows once. The cookie holds its name and no text, so a forged
//! cookie can only select one of our own sentences.

use web::{Lang, Reply, Request, Text, cookie};

use crate::session_cookie::is_secure;

const SECONDS_MAX: i64 = 60;

/// What has just happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlashMessage {
    Registered,
    SignedOut,
    PasswordChanged,
    SessionEnded,
    OtherSessionsEnded,
    AccountDeleted,
}

/// Each with its name in the cookie and its sentence.
const ALL: [(FlashMessage, &str, Text); 6] = [
    (
        FlashMessage::Registered,
        "registered",
        Text::new("Votre compte est créé.", "Your account has been created."),
    ),
    (
        FlashMessage::SignedOut,
        "signed-out",
        Text::new("Déconnexion réussie. À bientôt !", "You are signed out. See you soon!"),
    ),
    (
        FlashMessage::PasswordChanged,
        "password-changed",
        Text::new(
            "Votre mot de passe a été changé. Vos autres appareils ont été déconnectés.",
            "Your password has been changed. Your other devices have been signed out.",
        ),
    ),
    (
        FlashMessage::SessionEnded,
        "session-ended",
        Text::new("L’appareil a été déconnecté.", "The device has been signed out."),
    ),
    (
        FlashMessage::OtherSessionsEnded,
        "other-sessions-ended",
        Text::new(
            "Tous vos autres appareils ont été déconnectés.",
            "All your other devices have been signed out.",
        ),
    ),
    (
        FlashMessage::AccountDeleted,
        "account-deleted",
        Text::new(
            "Votre compte et vos données ont été supprimés.",
            "Your account and your data have been deleted.",
        ),
    ),
];

impl FlashMessage {
    /// The message of the request's cookie.
    pub(crate) fn read(request: &Request) -> Option<Self> {
        let given = request.cookie(cookie_name(request))?;
        ALL.iter().find_map(|(message, name, _)| (*name == given).then_some(*message))
    }

    pub(crate) fn text(self, lang: Lang) -> String {
        ALL.iter()
            .find_map(|(message, _, text)| (*message == self).then(|| text.get(lang)))
            .unwrap_or_default()
    }

    /// Whether the user has left: what the pages stored in the browser goes.
    pub(crate) const fn is_farewell(self) -> bool {
        matches!(self, Self::SignedOut | Self::AccountDeleted)
    }

    /// Sets the cookie for the next page.
    pub(crate) fn set(self, request: &Request, reply: Reply) -> Reply {
        let name = ALL.iter().find_map(|(message, name, _)| (*message == self).then_some(*name));
        set_cookie(request, reply, name.unwrap_or_default(), SECONDS_MAX)
    }

    /// Deletes the cookie, if the request has one.
    pub(crate) fn clear(request: &Request, reply: Reply) -> Reply {
        match request.cookie(cookie_name(request)) {
            Some(_) => set_cookie(request, reply, "", 0),
            None => reply,
        }
    }
}

fn set_cookie(request: &Request, reply: Reply, value: &str, seconds: i64) -> Reply {
    match cookie::set(cookie_name(request), value, is_secure(request), seconds) {
        Some(cookie) => reply.with_cookie(cookie),
        None => reply,
    }
}

fn cookie_name(request: &Request) -> &'static str {
    if is_secure(request) { "__Host-flash" } else { "flash" }
}
