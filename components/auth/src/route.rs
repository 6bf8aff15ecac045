//! The routes: which path belongs to which, and its methods.

use http::Method;

/// Every route but the assets.
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
            // Envoy's external authorisation calls this path followed by the path of the request that it holds back.
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

    /// Envoy calls with the method of the request that it holds back, so `verify` accepts every method.
    pub(crate) fn allows(self, method: &Method) -> bool {
        self == Self::Verify || self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_belong_to_the_routes_of_the_table() {
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
    fn a_route_accepts_its_methods_only() {
        assert!(Route::Home.allows(&Method::HEAD) && !Route::Home.allows(&Method::POST));
        assert!(Route::SignOut.allows(&Method::POST) && !Route::SignOut.allows(&Method::GET));
        assert!(Route::Verify.allows(&Method::POST) && Route::Verify.allows(&Method::GET));
        for method in ["PUT", "DELETE", "TRACE", "PATCH", "get", "OPTIONS"] {
            assert!(!Route::SignIn.allows(&method.parse().unwrap()), "{method}");
        }
    }
}
