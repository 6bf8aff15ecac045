//! Which component answers a path.
//!
//! Matching and precedence are `routefinder`'s, the same crate Spin uses, so `/:name`, exact routes and
//! `/...` weigh the same here and there. This module adds Spin's own rules on top: `/...` for a trailing
//! wildcard, slashes that the wildcard keeps, and "of two equal routes the later one wins".

use anyhow::{Result, anyhow};

use crate::manifest::HttpTrigger;

/// Paths under it are answered by the runtime itself.
pub const WELL_KNOWN_PREFIX: &str = "/.well-known/spin/";

#[derive(Debug)]
pub struct Router {
    routes: routefinder::Router<Target>,
}

#[derive(Debug)]
struct Target {
    component: String,
    /// As written in the manifest.
    raw_route: String,
    /// With a leading and without a trailing slash.
    based_route: String,
}

/// What a request needs to know about the route that matched it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMatch {
    pub component: String,
    pub raw_route: String,
    pub based_route: String,
    /// What the trailing wildcard stands for, with its slashes; empty when there is none.
    pub path_info: String,
    /// The named wildcards, `:name` and what it stands for.
    pub named: Vec<(String, String)>,
}

impl RouteMatch {
    /// The match of a request from component to component: as if the target's only route were `/...`.
    #[must_use]
    pub fn chained(component: String, path: String) -> Self {
        let all = "/...".to_owned();
        Self { component, raw_route: all.clone(), based_route: all, path_info: path, named: Vec::new() }
    }

    /// The route as written, without its trailing wildcard.
    #[must_use]
    pub fn component_route(&self) -> &str {
        self.raw_route.strip_suffix("/...").unwrap_or(&self.raw_route)
    }
}

impl Router {
    /// Builds the router and says, one sentence each, which routes can never be reached.
    ///
    /// # Errors
    /// A route that is not a pattern.
    pub fn build(triggers: &[HttpTrigger]) -> Result<(Self, Vec<String>)> {
        let mut warnings = Vec::new();
        let mut routes = routefinder::Router::new();
        let routable = || triggers.iter().filter_map(|t| Some((t, t.route.as_deref()?)));
        for (index, (trigger, raw_route)) in routable().enumerate() {
            let later = routable().skip(index + 1).find(|(_, later)| *later == raw_route);
            if let Some((later, _)) = later {
                warnings.push(format!(
                    "the route {raw_route} of component {} is never used: a later trigger gives it to {}",
                    trigger.component, later.component
                ));
                continue;
            }
            let based_route = based(raw_route);
            if based_route.starts_with(WELL_KNOWN_PREFIX) {
                warnings.push(format!(
                    "the route {raw_route} is never reached: the runtime answers {WELL_KNOWN_PREFIX} itself"
                ));
            }
            let pattern = match based_route.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => based_route.clone(),
            };
            let component = trigger.component.clone();
            let target = Target { component, raw_route: raw_route.to_owned(), based_route };
            routes.add(pattern, target).map_err(|reason| {
                anyhow!("correct the route {raw_route:?} of component {}: {reason}", trigger.component)
            })?;
        }
        Ok((Self { routes }, warnings))
    }

    #[must_use]
    pub fn route(&self, path: &str) -> Option<RouteMatch> {
        let found = self.routes.best_match(path)?;
        let captures = found.captures();
        let target = found.handler();
        Some(RouteMatch {
            component: target.component.clone(),
            raw_route: target.raw_route.clone(),
            based_route: target.based_route.clone(),
            path_info: captures.wildcard().map(|rest| path_info(rest, path)).unwrap_or_default(),
            named: captures.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        })
    }

    /// The routes to show at start-up, with their components.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.routes.iter().map(|(_, target)| (target.raw_route.as_str(), target.component.as_str()))
    }
}

/// A route begins with a slash and does not end with one; `/` itself becomes empty.
fn based(route: &str) -> String {
    let absolute = if route.starts_with('/') { route.to_owned() } else { format!("/{route}") };
    absolute.strip_suffix('/').unwrap_or(&absolute).to_owned()
}

/// The wildcard's part of the path. routefinder drops the slashes around it and Spin keeps them.
fn path_info(rest: &str, path: &str) -> String {
    match (rest.is_empty(), path.ends_with('/')) {
        (true, false) => String::new(),
        (true, true) => "/".to_owned(),
        (false, false) => format!("/{rest}"),
        (false, true) => format!("/{rest}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triggers(routes: &[(&str, &str)]) -> Vec<HttpTrigger> {
        let trigger = |(route, component): &(&str, &str)| HttpTrigger {
            component: (*component).to_owned(),
            route: Some((*route).to_owned()),
        };
        routes.iter().map(trigger).collect()
    }

    fn router(routes: &[(&str, &str)]) -> Router {
        Router::build(&triggers(routes)).unwrap().0
    }

    #[test]
    fn the_most_specific_route_wins_in_any_order() {
        let mut routes = vec![
            ("/...", "all"),
            ("/one/...", "one"),
            ("/one/two/...", "onetwo"),
            ("/one/two", "exact"),
            ("/one/:name", "param"),
            ("/", "root"),
            ("users", "relative"),
            ("/files/*", "star"),
        ];
        for _ in 0..2 {
            let router = router(&routes);
            for (path, expected) in [
                ("/", "root"),
                ("/x", "all"),
                ("/one", "one"),
                ("/one/", "one"),
                ("/one/x", "param"),
                ("/one/two", "exact"),
                ("/one/two/three", "onetwo"),
                ("/one/x/y", "one"),
                ("/onetwo", "all"),
                ("/users", "relative"),
                ("/files/a/b", "star"),
            ] {
                assert_eq!(router.route(path).unwrap().component, expected, "{path}");
            }
            routes.reverse();
        }
    }

    #[test]
    fn a_path_without_a_route_matches_nothing() {
        let router = router(&[("/one", "one"), ("/two/...", "two")]);
        for path in ["/", "/one/x", "/three", "/tw"] {
            assert_eq!(router.route(path), None, "{path}");
        }
        assert!(router.route("/one/").is_some(), "a trailing slash does not count on an exact route");
    }

    #[test]
    fn the_wildcard_keeps_its_slashes() {
        for (route, path, expected) in [
            ("/test/...", "/test", ""),
            ("/test/...", "/test/", "/"),
            ("/test/...", "/test/hello", "/hello"),
            ("/test/...", "/test/hello/", "/hello/"),
            ("/...", "/1/2/3", "/1/2/3"),
            ("/...", "/", "/"),
            ("/exact", "/exact", ""),
        ] {
            assert_eq!(router(&[(route, "c")]).route(path).unwrap().path_info, expected, "{route} {path}");
        }
    }

    #[test]
    fn named_wildcards_are_captured() {
        let found = router(&[("/1/:two/...", "c")]).route("/1/2/3").unwrap();
        assert_eq!(found.named, [("two".to_owned(), "2".to_owned())]);
        assert_eq!((found.path_info.as_str(), found.component_route()), ("/3", "/1/:two"));
    }

    #[test]
    fn of_two_equal_routes_the_later_one_wins_and_the_other_is_reported() {
        let (router, warnings) = Router::build(&triggers(&[("/a", "first"), ("/a", "second")])).unwrap();
        assert_eq!(router.route("/a").unwrap().component, "second");
        assert!(warnings[0].contains("first") && warnings[0].contains("second"), "{warnings:?}");
    }

    #[test]
    fn a_route_the_runtime_answers_itself_is_reported() {
        let warnings = |route| Router::build(&triggers(&[(route, "c")])).unwrap().1.len();
        assert_eq!(warnings("/.well-known/spin/..."), 1);
        assert_eq!(warnings("/.well-known/spin/fie"), 1);
        assert_eq!(warnings("/.well-known/spindle/..."), 0);
        assert_eq!(warnings("/.well-known/spin"), 0);
    }

    #[test]
    fn private_endpoints_are_not_routable() {
        let trigger = HttpTrigger { component: "c".to_owned(), route: None };
        assert_eq!(Router::build(&[trigger]).unwrap().0.route("/"), None);
    }
}
