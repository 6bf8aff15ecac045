//! Which request is which: path and method, nothing else.

use http::Method;
use web::Request;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The page with the form.
    Page,
    /// A question.
    Send,
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
        if path.starts_with("/llm/assets/") {
            return Self::Asset;
        }
        // One slash at the end makes no difference; the original's gateway routed both forms.
        match path.strip_suffix('/').unwrap_or(path) {
            "/llm" if request.is_get() => Self::Page,
            "/llm" => Self::WrongMethod("GET, HEAD"),
            "/send" | "/llm/send" if request.method == Method::POST => Self::Send,
            "/send" | "/llm/send" => Self::WrongMethod("POST"),
            _ => Self::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_and_method_has_its_route() {
        for (method, path, expected) in [
            ("GET", "/llm", Route::Page),
            ("HEAD", "/llm", Route::Page),
            ("GET", "/llm/", Route::Page),
            ("GET", "/llm?x=1", Route::Page),
            ("POST", "/llm", Route::WrongMethod("GET, HEAD")),
            ("OPTIONS", "/llm", Route::WrongMethod("GET, HEAD")),
            ("POST", "/send", Route::Send),
            ("POST", "/send/", Route::Send),
            ("POST", "/llm/send", Route::Send),
            ("POST", "/llm/send/", Route::Send),
            ("GET", "/send", Route::WrongMethod("POST")),
            ("DELETE", "/llm/send", Route::WrongMethod("POST")),
            ("GET", "/llm/assets/llm-0.js", Route::Asset),
            ("GET", "/llm/other", Route::NotFound),
            ("GET", "/llm//", Route::NotFound),
            ("GET", "/llmx", Route::NotFound),
            ("POST", "/LLM/send", Route::NotFound),
        ] {
            assert_eq!(Route::of(&Request::test(method, path)), expected, "{method} {path}");
        }
    }
}
