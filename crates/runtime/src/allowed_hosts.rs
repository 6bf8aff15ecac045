//! `allowed_outbound_hosts`: what a component may connect to.
//!
//! The grammar and its corner cases are Spin's: `scheme://host[:port]`, `*` for any scheme, host or port,
//! `*.domain` for its subdomains (not the domain itself), `self` for the application's own routes, CIDR
//! blocks, half-open port ranges `a..b`. An entry whose variable is empty allows nothing and is no error.

use std::net::IpAddr;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use ipnet::IpNet;
use url::{Host, Url};

use crate::template::Template;

const CHAINING_DOMAIN: &str = "spin.internal";

/// The list of one component, templates resolved.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// `None` is any scheme.
    scheme: Option<String>,
    host: HostPattern,
    port: PortPattern,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Any,
    /// With its leading dot.
    SubdomainOf(String),
    ToSelf,
    Exactly(Host),
    Within(IpNet),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PortPattern {
    Any,
    Range(Range<u32>),
}

/// The parts of a guest's URL that are checked.
#[derive(Debug)]
struct Destination {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl AllowedHosts {
    /// # Errors
    /// A template that does not resolve, or an entry that is not of the grammar: one sentence naming it.
    pub fn parse(
        entries: &[String],
        value: impl Fn(&str) -> Result<String>,
        component_ids: &[String],
    ) -> Result<Self> {
        let mut parsed = Vec::new();
        for source in entries {
            let template = Template::parse(source)?;
            let resolved = template.resolve(&value).with_context(|| format!("in the host {source:?}"))?;
            // An optional endpoint whose variable is empty; a literal empty entry is a mistake.
            if !template.is_literal() && matches!(resolved.as_str(), "" | "http://" | "https://") {
                continue;
            }
            let entry = Entry::parse(&resolved)
                .with_context(|| format!("correct the host {source:?} of allowed_outbound_hosts"))?;
            parsed.extend(entry.for_each_component(component_ids));
        }
        Ok(Self { entries: parsed })
    }

    /// Whether `url` may be reached. When it has no scheme of its own, `default_scheme` is tried before it.
    #[must_use]
    pub fn allows(&self, url: &str, default_scheme: &str) -> bool {
        let Ok(destination) = Destination::parse(url, default_scheme) else { return false };
        self.entries.iter().any(|entry| entry.allows(&destination))
    }

    /// Whether requests to the application itself (`self`, or a URL without a host) are allowed.
    #[must_use]
    pub fn allows_self(&self) -> bool {
        self.entries.iter().any(|entry| {
            matches!(entry.scheme.as_deref(), None | Some("http" | "https"))
                && matches!(entry.host, HostPattern::Any | HostPattern::ToSelf)
        })
    }
}

/// The component that a host `<component>.spin.internal[:port]` names.
#[must_use]
pub fn chained_component(host: &str) -> Option<&str> {
    let host = host.trim();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let (component, domain) = host.split_once('.')?;
    (domain == CHAINING_DOMAIN).then_some(component)
}

impl Entry {
    fn parse(source: &str) -> Result<Self> {
        let source = source.trim();
        if source == "insecure:allow-all" {
            bail!("write \"*://*:*\" if everything really is to be allowed");
        }
        let Some((scheme, rest)) = source.split_once("://") else {
            bail!("it has no scheme: write it as <scheme>://<host>[:<port>]");
        };
        let (host, port) = match rest.rsplit_once(':') {
            None => (rest, ""),
            Some((host, "")) => (host, ""),
            // The colons of a bare IPv6 address.
            Some(_) if HostPattern::parse(rest).is_ok() => (rest, ""),
            Some((host, tail)) => match tail.split_once('/') {
                None | Some((_, "")) => (host, tail.trim_end_matches('/')),
                Some(_) => {
                    bail!("it has a path: only <scheme>://<host>[:<port>] is checked, remove the rest")
                }
            },
        };
        Ok(Self {
            port: PortPattern::parse(port, scheme)?,
            scheme: scheme_pattern(scheme)?,
            host: HostPattern::parse(host)?,
        })
    }

    fn allows(&self, to: &Destination) -> bool {
        self.scheme.as_ref().is_none_or(|scheme| *scheme == to.scheme)
            && self.host.allows(&to.host)
            && self.port.allows(to.port.or_else(|| well_known_port(&to.scheme)))
    }

    /// `*.spin.internal` stands for the components that exist, and for nothing else.
    fn for_each_component(self, component_ids: &[String]) -> Vec<Self> {
        let all_components = format!(".{CHAINING_DOMAIN}");
        if self.host != HostPattern::SubdomainOf(all_components) {
            return vec![self];
        }
        let of = |id: &String| Self {
            host: HostPattern::Exactly(Host::Domain(format!("{id}.{CHAINING_DOMAIN}"))),
            ..self.clone()
        };
        component_ids.iter().map(of).collect()
    }
}

fn scheme_pattern(scheme: &str) -> Result<Option<String>> {
    if scheme == "*" {
        return Ok(None);
    }
    if scheme.chars().any(|c| !c.is_alphabetic()) {
        bail!("the scheme {scheme:?} may contain letters only, or be '*'");
    }
    Ok(Some(scheme.to_owned()))
}

impl HostPattern {
    fn parse(host: &str) -> Result<Self> {
        let host = host.trim();
        match host {
            "*" => return Ok(Self::Any),
            "self" | "self.alt" => return Ok(Self::ToSelf),
            _ => {}
        }
        if let Ok(block) = host.parse::<IpNet>() {
            return Ok(Self::Within(block.trunc()));
        }
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.contains('/') {
            bail!("it has a path: only <scheme>://<host>[:<port>] is checked, remove the rest");
        }
        if let Some(domain) = host.strip_prefix("*.") {
            return match Host::parse(domain) {
                Ok(Host::Domain(domain)) if !domain.contains('*') => {
                    Ok(Self::SubdomainOf(format!(".{domain}")))
                }
                _ => bail!("after '*.' it needs a plain domain"),
            };
        }
        if host.contains('*') {
            bail!("a '*' may only stand for a whole host or at its beginning, as in '*.example.org'");
        }
        let parsed =
            Host::parse(host).with_context(|| format!("{host:?} is not the name or address of a host"))?;
        Ok(Self::Exactly(parsed))
    }

    fn allows(&self, host: &str) -> bool {
        let Ok(host) = Host::parse(host) else { return false };
        match (self, host) {
            (Self::Any, _) => true,
            (Self::SubdomainOf(suffix), Host::Domain(domain)) => domain.ends_with(suffix.as_str()),
            (Self::Exactly(allowed), host) => *allowed == host,
            (Self::Within(block), Host::Ipv4(address)) => block.contains(&IpAddr::from(address)),
            (Self::Within(block), Host::Ipv6(address)) => block.contains(&IpAddr::from(address)),
            _ => false,
        }
    }
}

impl PortPattern {
    fn parse(port: &str, scheme: &str) -> Result<Self> {
        let number = |text: &str| {
            text.parse::<u16>().map(u32::from).with_context(|| format!("the port {port:?} is not a number"))
        };
        if port == "*" {
            return Ok(Self::Any);
        }
        if port.is_empty() {
            let Some(default) = well_known_port(scheme) else {
                bail!("it has no port and the scheme {scheme:?} has no usual one: add ':<port>' or ':*'");
            };
            return Ok(Self::Range(u32::from(default)..u32::from(default) + 1));
        }
        Ok(Self::Range(match port.split_once("..") {
            Some((start, end)) => number(start)?..number(end)?,
            None => number(port)?..number(port)? + 1,
        }))
    }

    fn allows(&self, port: Option<u16>) -> bool {
        match self {
            Self::Any => true,
            Self::Range(range) => port.is_some_and(|port| range.contains(&u32::from(port))),
        }
    }
}

impl Destination {
    fn parse(url: &str, default_scheme: &str) -> Result<Self> {
        let url = with_encoded_userinfo(url);
        let parsed = match Url::parse(&url) {
            Ok(parsed) if parsed.has_host() => parsed,
            // `host:port` without a scheme; something with a scheme that cannot be read is refused.
            _ if !url.contains("://") => Url::parse(&format!("{default_scheme}://{url}"))?,
            unreadable => bail!("{url:?} is not a URL with a host: {unreadable:?}"),
        };
        let host = parsed.host_str().with_context(|| format!("{url:?} has no host"))?.to_owned();
        Ok(Self { scheme: parsed.scheme().to_owned(), host, port: parsed.port() })
    }
}

/// A password may hold characters that would end the authority (`#`, `?`). It plays no part in the check, so
/// what stands before the `@` is replaced by something harmless.
fn with_encoded_userinfo(url: &str) -> String {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at(authority);
    match rest.find('@') {
        Some(at) if !rest[..at].contains('/') => format!("{scheme}user{}", &rest[at..]),
        _ => url.to_owned(),
    }
}

fn well_known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        "mysql" => Some(3306),
        "redis" => Some(6379),
        "mqtt" => Some(1883),
        _ => None,
    }
}

#[cfg(test)]
#[path = "allowed_hosts_tests.rs"]
mod tests;
