//! Which request is which: path, method and wanted form, nothing else.

use http::{Method, header};
use web::Request;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The page with the form.
    Page,
    Convert,
    /// A style sheet or a script.
    Asset,
    /// A path of ours with a method that it does not answer to; holds those that it does.
    WrongMethod(&'static str),
    NotFound,
}

impl Route {
    /// The route of a request; HEAD counts as GET.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let path = request.path();
        if path.starts_with("/ocr/assets/") {
            return Self::Asset;
        }
        match path.strip_suffix('/').unwrap_or(path) {
            "/ocr" if request.is_get() => Self::Page,
            "/ocr" if request.method == Method::POST => Self::Convert,
            "/ocr" => Self::WrongMethod("GET, HEAD, POST"),
            _ => Self::NotFound,
        }
    }
}

/// The form of the answer to an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
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
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let accept = request.header(header::ACCEPT.as_str()).unwrap_or_default().to_ascii_lowercase();
        if accept.contains("text/event-stream") {
            Self::Stream
        } else if accept.contains("application/x-tex") {
            Self::Tex
        } else if accept.contains("text/markdown") {
            Self::Markdown
        } else if request.wants_json() {
            Self::Json
        } else {
            Self::Page
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_and_method_has_its_route() {
        for (method, path, expected) in [
            ("GET", "/ocr", Route::Page),
            ("HEAD", "/ocr", Route::Page),
            ("GET", "/ocr/", Route::Page),
            ("GET", "/ocr?x=1", Route::Page),
            ("POST", "/ocr", Route::Convert),
            ("POST", "/ocr/", Route::Convert),
            ("PUT", "/ocr", Route::WrongMethod("GET, HEAD, POST")),
            ("OPTIONS", "/ocr", Route::WrongMethod("GET, HEAD, POST")),
            ("GET", "/ocr/assets/ocr-0.js", Route::Asset),
            ("GET", "/ocr/other", Route::NotFound),
            ("GET", "/ocr//", Route::NotFound),
            ("POST", "/ocrs", Route::NotFound),
        ] {
            assert_eq!(Route::of(&Request::test(method, path)), expected, "{method} {path}");
        }
    }

    #[test]
    fn accept_decides_the_form() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Page),
            ("*/*", Format::Page),
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
    }
}
