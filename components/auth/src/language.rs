//! The language that a user chose, remembered in a cookie that every component reads ([`web::Lang`]).

use web::{Fields, LANG_COOKIES, Lang, Reply, Request, Text, cookie};

use crate::{error::AuthError, next, session_cookie::is_secure};

/// A year.
const SECONDS_MAX: i64 = 365 * 24 * 60 * 60;

/// `POST /language`: the fields `lang` (`fr` or `en`) and `next`, the page to go back to.
#[must_use]
pub fn submit(request: &Request) -> Reply {
    let fields = match Fields::parse(request) {
        Ok(fields) => fields,
        Err(problem) => return problem.reply(request),
    };
    let Some(lang) = fields.get("lang").and_then(Lang::parse) else {
        let text = Text::new(
            "Atelier parle français (fr) et anglais (en).",
            "Atelier speaks French (fr) and English (en).",
        );
        return AuthError::Invalid(vec![("lang", text)]).problem().reply(request);
    };
    let reply = Reply::see_other(next::same_site_or(fields.get("next"), "/"));
    let secure = is_secure(request);
    let [secure_name, plain_name] = LANG_COOKIES;
    let name = if secure { secure_name } else { plain_name };
    match cookie::set(name, lang.code(), secure, SECONDS_MAX) {
        Some(cookie) => reply.with_cookie(cookie),
        None => reply,
    }
}
