//! From a path to what answers it, and the methods it answers to. Knows no request.

use http::Method;

/// Everything this component answers but assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Root,
    SignIn,
    Register,
    Home,
    SignOut,
    Account,
    Verify,
    Spend,
    Refund,
    Delivered,
    Recall,
    Ready,
}

impl Route {
    /// A slash at the end makes no difference, as behind the original's gateway.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        match path.strip_suffix('/').unwrap_or(path) {
            "" => Some(Self::Root),
            "/auth" | "/login" => Some(Self::SignIn),
            "/register" => Some(Self::Register),
            "/home" => Some(Self::Home),
            "/logout" => Some(Self::SignOut),
            "/account" => Some(Self::Account),
            "/auth/verify" => Some(Self::Verify),
            "/auth/internal/spend" => Some(Self::Spend),
            "/auth/internal/refund" => Some(Self::Refund),
            "/auth/internal/delivered" => Some(Self::Delivered),
            "/auth/internal/recall" => Some(Self::Recall),
            "/auth/readyz" => Some(Self::Ready),
            // Envoy's external authorisation asks at this path followed by the path of the request it holds back.
            path if path.starts_with("/auth/verify/") => Some(Self::Verify),
            _ => None,
        }
    }

    /// For the `Allow` header.
    pub(crate) const fn allow(self) -> &'static str {
        match self {
            Self::Root | Self::Home | Self::Verify | Self::Ready => "GET, HEAD",
            Self::SignIn | Self::Register | Self::Account => "GET, HEAD, POST",
            Self::SignOut | Self::Spend | Self::Refund | Self::Delivered | Self::Recall => "POST",
        }
    }

    /// Envoy asks with the method of the request it holds back, so verifying, which changes nothing, takes any.
    pub(crate) fn allows(self, method: &Method) -> bool {
        self == Self::Verify || self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_the_table_says() {
        let check = |path, route| assert_eq!(Route::parse(path), route, "{path}");
        check("/", Some(Route::Root));
        check("/auth", Some(Route::SignIn));
        check("/auth/", Some(Route::SignIn));
        check("/login", Some(Route::SignIn));
        check("/auth/internal/refund", Some(Route::Refund));
        check("/auth/internal/delivered", Some(Route::Delivered));
        check("/auth/internal/recall", Some(Route::Recall));
        check("/auth/verify/ocr", Some(Route::Verify));
        check("/auth/verify/llm/send", Some(Route::Verify));
        check("/auth/verifyx", None);
        check("/auth/internal", None);
        check("/AUTH", None);
        check("//auth", None);
        check("/auth//", None);
        check("/home/x", None);
    }

    #[test]
    fn a_route_answers_to_its_methods_only() {
        assert!(Route::Home.allows(&Method::HEAD) && !Route::Home.allows(&Method::POST));
        assert!(Route::SignOut.allows(&Method::POST) && !Route::SignOut.allows(&Method::GET));
        assert!(Route::Verify.allows(&Method::POST) && Route::Verify.allows(&Method::GET));
        for method in ["PUT", "DELETE", "TRACE", "PATCH", "get", "OPTIONS"] {
            assert!(!Route::SignIn.allows(&method.parse().unwrap()), "{method}");
        }
    }
}
