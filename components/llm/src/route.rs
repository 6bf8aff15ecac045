//! Maps a path to a route, and a route to its methods. It knows no request.

use http::Method;

/// Every route but the assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Page,
    Send,
}

impl Route {
    /// One slash at the end makes no difference, as behind the original's gateway.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        match path.strip_suffix('/').unwrap_or(path) {
            "/llm" => Some(Self::Page),
            "/send" | "/llm/send" => Some(Self::Send),
            _ => None,
        }
    }

    /// For the `Allow` header.
    pub(crate) const fn allow(self) -> &'static str {
        match self {
            Self::Page => "GET, HEAD",
            Self::Send => "POST",
        }
    }

    pub(crate) fn allows(self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}

#[cfg(test)]
mod tests {
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
            assert_eq!(Route::parse(path), expected, "{path}");
        }
    }

    #[test]
    fn a_route_allows_only_its_methods() {
        for (route, methods) in [(Route::Page, ["GET", "HEAD"].as_slice()), (Route::Send, &["POST"])] {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get"] {
                assert_eq!(
                    route.allows(&method.parse().unwrap()),
                    methods.contains(&method),
                    "{route:?} {method}"
                );
            }
        }
    }
}
