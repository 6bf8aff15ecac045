//! Where traces go with `--otel`: to the OTLP endpoint that the environment names, else to the default one.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// OTLP over HTTP: where viewers and collectors listen by default.
const DEFAULT: &str = "http://localhost:4318";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// One viewer that is easy to get; docs/operations.md names others.
const VIEWER: &str = "docker run --rm -p 127.0.0.1:4318:4318 -p 127.0.0.1:16686:16686 jaegertracing/jaeger";

/// The receiver of traces.
pub(crate) struct Otlp {
    endpoint: String,
    /// Whether the user's environment names it; the runtime inherits that.
    named: bool,
}

impl Otlp {
    pub(super) fn new(named: Option<&str>) -> Self {
        Self { endpoint: named.unwrap_or(DEFAULT).to_owned(), named: named.is_some() }
    }

    /// The variable to add to the runtime's environment. For traces alone: a viewer of traces refuses the metrics and
    /// logs that Spin would send too.
    pub(super) fn variable(&self) -> Option<(String, String)> {
        (!self.named).then(|| {
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT".to_owned(), format!("{}/v1/traces", self.endpoint))
        })
    }

    /// What `up` reports before the address.
    pub(super) fn explain(&self) -> String {
        let endpoint = &self.endpoint;
        if listens(endpoint) {
            return format!("Traces go to {endpoint}.");
        }
        let other = if self.named { "" } else { ", or set OTEL_EXPORTER_OTLP_ENDPOINT to another receiver" };
        format!(
            "Nothing listens at {endpoint}, so traces are lost until something does: run `{VIEWER}` and open http://localhost:16686{other}."
        )
    }
}

/// Whether anything accepts a connection at the host and port of this URL.
fn listens(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let port = if scheme == "https" { 443 } else { 80 };
    let addresses = authority.to_socket_addrs().or_else(|_| format!("{authority}:{port}").to_socket_addrs());
    addresses
        .is_ok_and(|mut all| all.any(|address| TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn without_a_receiver_in_the_environment_traces_go_to_the_default_one() {
        let (name, value) = Otlp::new(None).variable().unwrap();
        assert_eq!(name, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        assert_eq!(value, "http://localhost:4318/v1/traces");
        assert!(Otlp::new(Some("http://collector:4318")).variable().is_none(), "the runtime inherits it");
    }

    #[test]
    fn a_receiver_that_listens_is_named_and_an_absent_one_comes_with_what_to_run() {
        let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/any", receiver.local_addr().unwrap());
        let explain = || Otlp::new(Some(&endpoint)).explain();
        assert_eq!(explain(), format!("Traces go to {endpoint}."));
        drop(receiver);
        assert!(
            explain().contains("Nothing listens at") && explain().contains("docker run"),
            "{}",
            explain()
        );
    }

    #[test]
    fn an_endpoint_that_is_no_url_listens_nowhere() {
        assert!(!listens("localhost"));
        assert!(!listens("http://"));
    }
}
