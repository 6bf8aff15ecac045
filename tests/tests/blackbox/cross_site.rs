//! Cross-site requests are refused on every route that changes something.

use atelier_tests::multipart;

use crate::applications::app;

/// The routes that change something, and their status for the request below where it is not refused.
const ROUTES: [(&str, u16); 10] = [
    ("/auth", 422),
    ("/login", 422),
    ("/register", 422),
    ("/logout", 200),
    ("/account", 422),
    ("/send", 200),
    ("/llm/send", 200),
    ("/ocr", 415),
    ("/ocr/check", 400),
    ("/language", 422),
];

fn status(path: &str, headers: &[(&str, &str)]) -> u16 {
    let user = app().user();
    let (form, upload) = multipart("file", "a.pdf", "application/pdf", b"no pdf");
    let (content_type, body) = match path {
        "/ocr" => (form.as_str(), upload.as_slice()),
        _ => ("application/x-www-form-urlencoded", b"message=boucle".as_slice()),
    };
    let mut headers = headers.to_vec();
    headers.extend([("content-type", content_type), ("accept", "application/json")]);
    user.send("POST", path, &headers, body).status
}

#[test]
fn other_sites_are_refused_everywhere() {
    for (path, _) in ROUTES {
        for headers in [
            [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")].as_slice(),
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", &app().runtime.origin)],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
        ] {
            assert_eq!(status(path, headers), 403, "{path} {headers:?}");
        }
    }
}

#[test]
fn this_site_and_programs_are_not_refused() {
    let own = app().runtime.origin.as_str();
    for (path, expected) in ROUTES {
        for headers in [
            [("sec-fetch-site", "same-origin"), ("origin", own)].as_slice(),
            &[("sec-fetch-site", "none")],
            &[("origin", own)],
            &[],
        ] {
            assert_eq!(status(path, headers), expected, "{path} {headers:?}");
        }
    }
}

#[test]
fn a_refused_sign_out_ends_nothing() {
    let user = app().user();
    let headers = [("sec-fetch-site", "cross-site"), ("content-type", "application/x-www-form-urlencoded")];
    let page = user.send("POST", "/logout", &headers, b"").expect(403);
    assert!(page.all("set-cookie").is_empty(), "{:?}", page.headers);
    user.get("/home").expect(200);
}

#[test]
fn reading_is_allowed_from_a_link_on_another_site() {
    let user = app().user();
    for path in ["/home", "/llm", "/ocr", "/account"] {
        user.send("GET", path, &[("sec-fetch-site", "cross-site")], b"").expect(200);
    }
}
