//! Maps a path to a route, and a route to its methods. It knows no request.

/// The path of the page, and the prefix of its assets.
pub(crate) const PREFIX: &str = "/llm";

/// Every route but the assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Page,
    Send,
}

impl web::route::Route for Route {
    fn parse(path: &str) -> Option<Self> {
        match path {
            PREFIX => Some(Self::Page),
            "/send" | "/llm/send" => Some(Self::Send),
            _ => None,
        }
    }

    fn allow(self) -> &'static str {
        match self {
            Self::Page => "GET, HEAD",
            Self::Send => "POST",
        }
    }

    fn form_page(self) -> Option<&'static str> {
        match self {
            Self::Page => None,
            Self::Send => Some("/llm"),
        }
    }
}

#[cfg(test)]
mod tests {
    use web::route::lookup;

    use super::*;

    #[test]
    fn every_path_has_its_route() {
        for (path, expected) in [
            ("/llm", Some(Route::Page)),
            ("/llm/", Some(Route::Page)),
            ("/send", Some(Route::Send)),
            ("/send/", Some(Route::Send)),
            ("/llm/send", Some(Route::Send)),
            ("/llm/send/", Some(Route::Send)),
            ("/", None),
            ("/llm/other", None),
            ("/llm//", None),
            ("/llmx", None),
            ("/LLM/send", None),
        ] {
            assert_eq!(lookup::<Route>(path), expected, "{path}");
        }
    }
}
