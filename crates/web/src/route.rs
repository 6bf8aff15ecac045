//! Which requests a component answers, and the replies to all others.

use http::{HeaderValue, Method, header};

use crate::{
    Problem, Reply, Request,
    assets::{self, Asset},
    cross_site,
};

/// The routes of a component, but for its assets.
pub trait Route: Copy {
    /// The route of a path that does not end in a slash (`/` is given as an empty path).
    fn parse(path: &str) -> Option<Self>;
    /// Its methods, as `Allow` lists them; `*` is any method.
    fn allow(self) -> &'static str;
    /// For a path that only a form is sent to: the page of that form, which a browser gets that opens the path.
    fn form_page(self) -> Option<&'static str> {
        None
    }
}

/// The route of a path. One slash at its end makes no difference, as behind the original's gateway.
#[must_use]
pub fn lookup<R: Route>(path: &str) -> Option<R> {
    R::parse(path.strip_suffix('/').unwrap_or(path))
}

/// The route of a request. `prefix` is the component's own, such as `/llm`; it serves `own_assets` and the shared ones
/// below it.
///
/// # Errors
/// The reply to a request that has no route: an asset, 404, 405 (204 to OPTIONS, 303 to a browser that opens the address
/// of a form), or 403 when another site made the browser send it.
pub fn find<R: Route>(request: &Request, prefix: &str, own_assets: &[Asset]) -> Result<R, Box<Reply>> {
    let below_prefix = request.path().strip_prefix(prefix);
    if let Some(file) = below_prefix.and_then(|path| path.strip_prefix("/assets/")) {
        return Err(asset(request, file, own_assets).into());
    }
    let route = lookup::<R>(request.path()).ok_or_else(|| Problem::not_found().reply(request))?;
    let allow = route.allow();
    if allow != "*" && !allow.split(", ").any(|method| method == request.method.as_str()) {
        let page = route.form_page().filter(|_| request.is_get() && request.is_from_browser());
        let reply = page.map_or_else(|| wrong_method(request, allow), Reply::see_other);
        return Err(reply.into());
    }
    cross_site::check(request).map_err(|problem| problem.reply(request))?;
    Ok(route)
}

/// What [`find`] answers to a request without a route, for the browser of a signed-in user: the same, but an error page
/// shows whose it is.
#[must_use]
pub fn refusal<R: Route>(request: &Request, user_name: &str, prefix: &str, refused: Reply) -> Reply {
    match find::<R>(&request.of_user(user_name), prefix, &[]) {
        Err(reply) if refused.is_error_page() => *reply,
        _ => refused,
    }
}

/// The reply for `<prefix>/assets/<file>`.
///
/// The name of another version is answered with this version's content, to be kept for a short time: during a
/// rollout, an old page may ask a new instance.
fn asset(request: &Request, file: &str, own_assets: &[Asset]) -> Reply {
    if !request.is_get() {
        return wrong_method(request, "GET, HEAD");
    }
    let Some((asset, is_current)) = assets::find(file, own_assets) else {
        return Problem::not_found().reply(request);
    };
    let reply = asset.reply().for_ever();
    match is_current {
        true => reply,
        false => reply.with(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60")),
    }
}

/// Refuses a method with 405, or answers OPTIONS with 204, listing `allow` in both.
fn wrong_method(request: &Request, allow: &'static str) -> Reply {
    let reply = if request.method == Method::OPTIONS {
        Reply::no_content()
    } else {
        Problem::method_not_allowed().reply(request)
    };
    reply.with(header::ALLOW, HeaderValue::from_static(allow))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::assets::{ICON, STYLESHEET};

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Tool {
        Page,
        Send,
        Verify,
    }

    impl Route for Tool {
        fn parse(path: &str) -> Option<Self> {
            match path {
                "" | "/tool" => Some(Self::Page),
                "/send" => Some(Self::Send),
                "/verify" => Some(Self::Verify),
                _ => None,
            }
        }

        fn allow(self) -> &'static str {
            match self {
                Self::Page => "GET, HEAD, POST",
                Self::Send => "POST",
                Self::Verify => "*",
            }
        }

        fn form_page(self) -> Option<&'static str> {
            (self == Self::Send).then_some("/tool")
        }
    }

    fn found(request: &Request) -> Result<Tool, Box<Reply>> {
        find(request, "/tool", &[])
    }

    #[test]
    fn one_slash_at_the_end_makes_no_difference() {
        for path in ["/", "/tool", "/tool/", "/tool?x=1"] {
            assert_eq!(found(&Request::test("GET", path)).ok(), Some(Tool::Page), "{path}");
        }
        for path in ["//", "/tool//", "/Tool", "/toolx"] {
            assert_eq!(lookup::<Tool>(path), None, "{path}");
        }
    }

    #[test]
    fn a_route_has_its_methods_or_any() {
        for method in ["GET", "HEAD", "POST"] {
            assert!(found(&Request::test(method, "/tool")).is_ok(), "{method}");
        }
        for method in ["PUT", "DELETE", "get", "*"] {
            assert!(found(&Request::test(method, "/tool")).is_err(), "{method}");
            assert!(found(&Request::test(method, "/verify")).is_ok(), "{method}");
        }
    }

    #[test]
    fn a_request_without_a_route_has_its_reply() {
        let check = |request: Request, status: u16, allow: Option<&str>| {
            let reply = found(&request).unwrap_err();
            assert_eq!(reply.status.as_u16(), status, "{request:?}");
            assert_eq!(reply.headers.get("allow").map(|allow| allow.to_str().unwrap()), allow, "{request:?}");
        };
        check(Request::test("GET", &STYLESHEET.href("/tool")), 200, None);
        check(Request::test("POST", &STYLESHEET.href("/tool")), 405, Some("GET, HEAD"));
        check(Request::test("GET", "/other"), 404, None);
        check(Request::test("DELETE", "/tool"), 405, Some("GET, HEAD, POST"));
        check(Request::test("OPTIONS", "/tool"), 204, Some("GET, HEAD, POST"));
        check(Request::test("POST", "/tool").with("sec-fetch-site", "cross-site"), 403, None);
        assert_eq!(
            found(&Request::test("GET", "/tool").with("sec-fetch-site", "cross-site")).ok(),
            Some(Tool::Page)
        );
    }

    #[test]
    fn a_browser_that_opens_the_address_of_a_form_gets_its_page_and_a_program_405() {
        let get = |accept: &str| found(&Request::test("GET", "/send").with("accept", accept)).unwrap_err();
        let browser = get("text/html,application/xhtml+xml,*/*;q=0.8");
        assert_eq!(browser.status, StatusCode::SEE_OTHER);
        assert_eq!(browser.headers["location"], "/tool");
        for accept in ["application/json", "*/*", ""] {
            assert_eq!(get(accept).status, StatusCode::METHOD_NOT_ALLOWED, "{accept}");
        }
        let put = found(&Request::test("PUT", "/send").with("accept", "text/html")).unwrap_err();
        assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn the_error_page_of_a_signed_in_user_shows_whose_it_is() {
        let shown = |request: &Request| {
            let refused = *found(request).unwrap_err();
            let reply = refusal::<Tool>(request, "Léa", "/tool", refused);
            String::from_utf8(reply.body.whole().unwrap().to_vec()).unwrap()
        };
        for (method, path) in [("GET", "/other"), ("DELETE", "/tool"), ("GET", "/tool/assets/other.css")] {
            let page = shown(&Request::test(method, path).with("accept", "text/html"));
            assert!(page.contains("Léa") && page.contains("action=\"/logout\""), "{method} {path}: {page}");
        }
        let program = shown(&Request::test("GET", "/other").with("accept", "application/json"));
        assert!(!program.contains("Léa"), "{program}");
        assert!(!shown(&Request::test("GET", &STYLESHEET.href("/tool"))).contains("Léa"));
    }

    fn get(path: &str) -> Reply {
        *found(&Request::test("GET", path)).unwrap_err()
    }

    #[test]
    fn an_asset_is_served_under_its_own_name_for_a_year() {
        let reply = get(&STYLESHEET.href("/tool"));
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.headers["content-type"], "text/css; charset=utf-8");
        assert!(reply.headers["cache-control"].to_str().unwrap().contains("immutable"));
        assert_eq!(get(&ICON.href("/tool")).headers["content-type"], "image/svg+xml; charset=utf-8");
    }

    #[test]
    fn another_version_is_answered_for_a_minute_and_an_unknown_file_is_not_found() {
        assert_eq!(get("/tool/assets/site-0000.css").headers["cache-control"], "public, max-age=60");
        assert_eq!(get("/tool/assets/other-0000.css").status, StatusCode::NOT_FOUND);
    }
}
