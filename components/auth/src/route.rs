//! The routes: which path belongs to which, and its methods.

use auth_api::{
    ReservationId,
    wire::{LOOKUP_PATH, RESERVATIONS_PATH, VERIFY_PATH},
};

/// The prefix under which this component serves assets.
pub(crate) const PREFIX: &str = "/auth";

/// Every route but the assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Root,
    SignIn,
    Register,
    Home,
    Help,
    Language,
    SignOut,
    Account,
    Verify,
    Reserve,
    Lookup,
    Extend(ReservationId),
    Settle(ReservationId),
    Ready,
}

impl web::route::Route for Route {
    fn parse(path: &str) -> Option<Self> {
        match path {
            "" => Some(Self::Root),
            "/auth" | "/login" => Some(Self::SignIn),
            "/register" => Some(Self::Register),
            "/home" => Some(Self::Home),
            "/help" => Some(Self::Help),
            "/language" => Some(Self::Language),
            "/logout" => Some(Self::SignOut),
            "/account" => Some(Self::Account),
            VERIFY_PATH => Some(Self::Verify),
            RESERVATIONS_PATH => Some(Self::Reserve),
            LOOKUP_PATH => Some(Self::Lookup),
            "/auth/readyz" => Some(Self::Ready),
            // Envoy's external authorisation calls this path followed by the path of the request that it holds back.
            path if path.starts_with("/auth/verify/") => Some(Self::Verify),
            path => Self::of_reservation(path),
        }
    }

    fn allow(self) -> &'static str {
        match self {
            Self::Root | Self::Home | Self::Help | Self::Ready => "GET, HEAD",
            Self::SignIn | Self::Register | Self::Account => "GET, HEAD, POST",
            Self::Language
            | Self::SignOut
            | Self::Reserve
            | Self::Lookup
            | Self::Extend(_)
            | Self::Settle(_) => "POST",
            // Envoy calls with the method of the request that it holds back.
            Self::Verify => "*",
        }
    }

    fn form_page(self) -> Option<&'static str> {
        match self {
            Self::Language | Self::SignOut => Some("/"),
            _ => None,
        }
    }
}

impl Route {
    fn of_reservation(path: &str) -> Option<Self> {
        let (id, verb) = path.strip_prefix(RESERVATIONS_PATH)?.strip_prefix('/')?.split_once('/')?;
        let id = ReservationId::parse(id)?;
        match verb {
            "extend" => Some(Self::Extend(id)),
            "settle" => Some(Self::Settle(id)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use web::route::lookup;

    use super::*;

    #[test]
    fn paths_belong_to_the_routes_of_the_table() {
        let check = |path: &str, route| assert_eq!(lookup(path), route, "{path}");
        check("/", Some(Route::Root));
        check("/auth", Some(Route::SignIn));
        check("/auth/", Some(Route::SignIn));
        check("/login", Some(Route::SignIn));
        let id = ReservationId::from_random([0xab; 16]);
        check("/auth/internal/reservations", Some(Route::Reserve));
        check("/auth/internal/reservations/lookup", Some(Route::Lookup));
        check(&id.extend_path(), Some(Route::Extend(id)));
        check(&id.settle_path(), Some(Route::Settle(id)));
        check("/auth/internal/reservations/abab/settle", None);
        check(&format!("/auth/internal/reservations/{id}"), None);
        check(&format!("/auth/internal/reservations/{id}/settle/now"), None);
        check("/auth/verify/ocr", Some(Route::Verify));
        check("/auth/verify/llm/send", Some(Route::Verify));
        check("/auth/verifyx", None);
        check("/auth/internal", None);
        check("/AUTH", None);
        check("//auth", None);
        check("/auth//", None);
        check("/home/x", None);
    }
}
