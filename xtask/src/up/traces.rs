//! Where traces go with `--otel`: to the collector that the environment names, else to a small one of our own,
//! which shows them as pages.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use anyhow::Result;

use super::serve;
use crate::build::Native;
use crate::children::{Plan, Running};
use crate::paths::Tree;

/// OTLP over HTTP: what a collector listens on, and senders expect, by default.
const PORT: u16 = 4318;

#[derive(Debug)]
pub(crate) enum Traces {
    /// Nobody asked; a runtime still obeys the `OTEL_…` of the environment.
    Off,
    /// The user's own collector, named in the environment that the runtime inherits.
    Elsewhere(String),
    Here {
        child: Running,
        address: SocketAddr,
    },
}

impl Traces {
    /// # Errors
    /// When our own collector does not start.
    pub(super) fn start(tree: &Tree, data: &Path, endpoint: Option<&str>) -> Result<Self> {
        if let Some(endpoint) = endpoint {
            return Ok(Self::Elsewhere(endpoint.to_owned()));
        }
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, free(PORT)));
        let mut plan = Plan::new("the trace viewer", tree.native(Native::Traces.name()))
            .arg("--listen")
            .arg(listen.to_string());
        plan.log = Some(data.join("logs/traces.log"));
        let (child, address) = serve::listening(plan)?;
        Ok(Self::Here { child, address })
    }

    /// What the runtime needs in its environment. Spin reads the same variables.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Off | Self::Elsewhere(_) => vec![],
            Self::Here { address, .. } => vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}")),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned()),
                // Milliseconds; somebody is looking at the page, and 5 s is long.
                ("OTEL_BSP_SCHEDULE_DELAY", "500".to_owned()),
            ],
        }
    }

    /// What the user should know before the address.
    pub(super) fn explain(&self) -> Option<String> {
        match self {
            Self::Off => None,
            Self::Elsewhere(endpoint) => {
                Some(format!("Traces go to {endpoint}, as OTEL_EXPORTER_OTLP_ENDPOINT says."))
            }
            Self::Here { address, .. } => Some(format!("Traces of every request: http://{address}")),
        }
    }

    pub(super) fn child(&mut self) -> Option<&mut Running> {
        match self {
            Self::Here { child, .. } => Some(child),
            Self::Off | Self::Elsewhere(_) => None,
        }
    }
}

/// `wanted` when nothing listens there, else "any".
fn free(wanted: u16) -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_or(0, |_| wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_not_insisted_on() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(free(taken.local_addr().unwrap().port()), 0);
    }

    #[test]
    fn a_collector_of_the_users_is_left_to_the_environment() {
        let elsewhere = Traces::Elsewhere("http://collector:4318".to_owned());
        assert!(elsewhere.variables().is_empty());
        assert!(elsewhere.explain().unwrap().contains("http://collector:4318"));
    }
}
