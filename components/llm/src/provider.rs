//! Who answers: Make.com's webhook, or a chat API in its place.

use std::net::IpAddr;

use crate::chat::ChatApi;
use crate::webhook::Webhook;

/// The upstream that is asked.
#[derive(Clone)]
pub enum Provider {
    Make(Webhook),
    Chat(ChatApi),
}

/// Where a question goes, as the page says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Recipient {
    #[default]
    Make,
    /// The host of a service that others run.
    Host(String),
    /// A server of the operator's own, whose address says nothing to a user.
    Operator,
}

impl Provider {
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        match self {
            Self::Make(_) => Recipient::Make,
            Self::Chat(api) if is_private(api.host()) => Recipient::Operator,
            Self::Chat(api) => Recipient::Host(api.host().to_owned()),
        }
    }

    /// Whether its text can be read while it is written.
    #[must_use]
    pub const fn streams(&self) -> bool {
        matches!(self, Self::Chat(_))
    }
}

/// Whether a host is one of a local network: an address, a name without a domain, or a domain that is not the Internet's.
fn is_private(host: &str) -> bool {
    let suffixes = [".local", ".internal", ".localhost", ".lan", ".home.arpa", ".test"];
    let address = host.trim_start_matches('[').trim_end_matches(']');
    !host.contains('.')
        || address.parse::<IpAddr>().is_ok()
        || suffixes.iter().any(|suffix| host.to_ascii_lowercase().ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(Provider: std::fmt::Debug);

    #[test]
    fn a_host_of_a_local_network_is_the_operators_own() {
        for (host, expected) in [
            ("localhost", true),
            ("ollama", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("10.0.0.7", true),
            ("vllm.ai.svc.cluster.local", true),
            ("host.docker.internal", true),
            ("api.mistral.ai", false),
            ("api.openai.com", false),
            ("llm.univ.example", false),
        ] {
            assert_eq!(is_private(host), expected, "{host}");
        }
    }
}
