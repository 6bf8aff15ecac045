//! Refuses requests that another site made a browser send (ASVS 5.0 3.5.1, 3.5.3; OWASP CSRF cheat sheet).
//!
//! `Sec-Fetch-Site` decides where the browser sends it; `Origin` is the fallback. A request with neither is accepted,
//! so that programs and the original's clients keep working: it does not come from a browser in use, since all of them
//! send `Origin` with a cross-site POST.

use http::{Method, StatusCode};

use crate::{Origin, Problem, Request, Text};

/// Checks a request with an unsafe method; safe methods (RFC 9110 §9.2.1) always pass.
///
/// # Errors
/// A 403 problem when another site, or another host of the same domain, started the request.
pub(crate) fn check(request: &Request) -> Result<(), Problem> {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(&request.method) {
        return Ok(());
    }
    let same_site = match (request.header("sec-fetch-site"), request.header("origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => is_own_origin(request, origin),
        // A header whose value is not text is present all the same.
        (None, None) => {
            !request.headers.contains_key("sec-fetch-site") && !request.headers.contains_key("origin")
        }
    };
    if same_site { Ok(()) } else { Err(refused()) }
}

fn is_own_origin(request: &Request, origin: &str) -> bool {
    let Some(origin) = Origin::parse(origin) else { return false };
    if !request.public_origin.is_empty() {
        return Origin::parse(&request.public_origin) == Some(origin);
    }
    request.host().is_some_and(|host| host.eq_ignore_ascii_case(&origin.authority()))
}

fn refused() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        Text::new(
            "Cette demande vient d’un autre site. Ouvrez la page sur Atelier, puis recommencez.",
            "This request comes from another site. Open the page on Atelier, then try again.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_case(public_origin: &str, site: Option<&str>, origin: Option<&str>, expected: bool) {
        let mut request = Request::test("POST", "/auth").with("host", "localhost:3000");
        public_origin.clone_into(&mut request.public_origin);
        if let Some(site) = site {
            request = request.with("sec-fetch-site", site);
        }
        if let Some(origin) = origin {
            request = request.with("origin", origin);
        }
        assert_eq!(check(&request).is_ok(), expected, "{public_origin} {site:?} {origin:?}");
    }

    #[test]
    fn sec_fetch_site_decides_and_origin_is_the_fallback() {
        check_case("", Some("same-origin"), None, true);
        check_case("", Some("none"), None, true);
        check_case("", Some("cross-site"), Some("http://localhost:3000"), false);
        check_case("", Some("same-site"), None, false);
        check_case("", None, Some("http://localhost:3000"), true);
        check_case("", None, Some("http://localhost:3001"), false);
        check_case("", None, Some("null"), false);
        check_case("", None, None, true);
        check_case("https://atelier.example", None, Some("https://atelier.example"), true);
        check_case("https://Atelier.example:443/", None, Some("https://atelier.example"), true);
        check_case("atelier.example", None, Some("https://atelier.example"), false);
        check_case("https://atelier.example", None, Some("http://atelier.example"), false);
        check_case("https://atelier.example", None, Some("http://localhost:3000"), false);
    }

    #[test]
    fn a_safe_method_is_always_accepted() {
        assert!(check(&Request::test("GET", "/auth").with("sec-fetch-site", "cross-site")).is_ok());
    }
}
