//! Maps a path to a route, a route to its methods, and `Accept` to the format of an answer.

use web::{Request, preferred};

/// The prefix of the assets.
pub(crate) const PREFIX: &str = "/ocr";

/// Every route but the assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// The page, and the upload.
    Ocr,
    /// A document that exists already.
    Check,
}

impl web::route::Route for Route {
    fn parse(path: &str) -> Option<Self> {
        match path {
            "/ocr" => Some(Self::Ocr),
            "/ocr/check" => Some(Self::Check),
            _ => None,
        }
    }

    fn allow(self) -> &'static str {
        match self {
            Self::Ocr => "GET, HEAD, POST",
            Self::Check => "POST",
        }
    }

    fn form_page(self) -> Option<&'static str> {
        (self == Self::Check).then_some("/ocr")
    }
}

/// The form of the answer to an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Page,
    Json,
    /// The LaTeX alone, as a download.
    Tex,
    /// The Markdown alone, as a download.
    Markdown,
    /// `text/event-stream`, as it arrives.
    Stream,
}

impl Format {
    /// Without a preference in `Accept`, a page, or JSON for a JSON body.
    #[must_use]
    pub(crate) fn of(request: &Request) -> Self {
        let offers = [
            // The first, so that it is chosen for `text/*`.
            ("text/html", Self::Page),
            ("text/event-stream", Self::Stream),
            ("application/x-tex", Self::Tex),
            ("text/markdown", Self::Markdown),
            ("application/json", Self::Json),
        ];
        let default = if request.prefers_json() { Self::Json } else { Self::Page };
        preferred(&request.headers, &offers).unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use web::route::lookup;

    use super::*;

    #[test]
    fn every_path_has_its_route() {
        for (path, expected) in [
            ("/ocr", Some(Route::Ocr)),
            ("/ocr/", Some(Route::Ocr)),
            ("/ocr/check", Some(Route::Check)),
            ("/ocr/check/", Some(Route::Check)),
            ("/ocr/other", None),
            ("/ocr//", None),
            ("/ocrs", None),
        ] {
            assert_eq!(lookup::<Route>(path), expected, "{path}");
        }
    }

    #[test]
    fn accept_decides_the_form() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Page),
            ("*/*", Format::Page),
            ("text/*", Format::Page),
            ("application/json", Format::Json),
            ("text/event-stream, application/problem+json", Format::Stream),
            ("application/x-tex", Format::Tex),
            ("text/markdown", Format::Markdown),
        ] {
            assert_eq!(
                Format::of(&Request::test("POST", "/ocr").with("accept", accept)),
                expected,
                "{accept}"
            );
        }
        let json = Request::test("POST", "/ocr").with("content-type", "application/json");
        assert_eq!(Format::of(&json.with("accept", "*/*")), Format::Json);
    }
}
