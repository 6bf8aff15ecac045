//! The command line: the part of `spin up` that Atelier uses, under the same names.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};

use crate::limits::{ClientLimits, Limits, Range, parse_count, parse_duration, parse_timeout};

/// Runs a Spin application's HTTP components. A small replacement for `spin up`.
#[derive(Debug, Parser)]
#[command(name = "atelier-runtime", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts the application and serves it until SIGINT or SIGTERM
    Up(Up),
}

#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub struct Up {
    /// The application's manifest
    #[arg(short = 'f', long = "from", alias = "file", default_value = "spin.toml")]
    pub manifest: PathBuf,

    /// IP address and port to listen on; port 0 picks a free one
    #[arg(long, env = "SPIN_HTTP_LISTEN_ADDR", default_value = "127.0.0.1:3000", value_parser = parse_address)]
    pub listen: SocketAddr,

    /// Sets an application variable, `name=value` or `name=@file`; may be repeated
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,

    /// Requests an instance serves before it is replaced: a number or a range such as 64..128
    #[arg(long, default_value = "128", value_parser = parse_count)]
    pub max_instance_reuse_count: Range<usize>,

    /// Requests an instance serves at the same time: a number or a range
    #[arg(long, default_value = "16", value_parser = parse_count)]
    pub max_instance_concurrent_reuse_count: Range<usize>,

    /// How long an instance without requests is kept: 1s, 500ms or a range
    #[arg(long, default_value = "1s", value_parser = parse_duration)]
    pub idle_instance_timeout: Range<Duration>,

    /// How long a request may take before its client gets a 500; without a limit by default
    #[arg(long, value_parser = parse_duration)]
    pub request_timeout: Option<Range<Duration>>,

    /// Bytes of memory one instance may have
    #[arg(long, env = "SPIN_MAX_INSTANCE_MEMORY")]
    pub max_instance_memory: Option<usize>,

    /// Connections that may be open; more wait. Not an option of Spin
    #[arg(long, value_name = "COUNT", default_value = "4096")]
    pub max_connections: NonZeroUsize,

    /// How long a client may be waited for: for a request, for the next bytes of an upload, or to read a response;
    /// 60s or 500ms. Not an option of Spin
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_timeout)]
    pub client_timeout: Duration,

    /// Discards the output of the components
    #[arg(short, long)]
    pub quiet: bool,

    /// Compiles the components without wasmtime's cache
    #[arg(long, env = "DISABLE_WASMTIME_CACHE")]
    pub disable_cache: bool,
}

impl Up {
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            max_instance_reuse_count: self.max_instance_reuse_count,
            max_instance_concurrent_reuse_count: self.max_instance_concurrent_reuse_count,
            idle_instance_timeout: self.idle_instance_timeout,
            request_timeout: self.request_timeout,
            memory_bytes_max: self.max_instance_memory,
        }
    }

    #[must_use]
    pub fn client_limits(&self) -> ClientLimits {
        ClientLimits { connections_max: self.max_connections.get(), timeout: self.client_timeout }
    }

    /// # Errors
    /// Something else than `name=value`, or a file that cannot be read.
    pub fn variable_overrides(&self) -> Result<BTreeMap<String, String>> {
        let mut overrides = BTreeMap::new();
        for argument in &self.variables {
            let Some((name, value)) = argument.split_once('=') else {
                bail!("--variable {argument:?} is not of the form name=value");
            };
            let value = match value.strip_prefix('@') {
                Some(path) => std::fs::read_to_string(path).with_context(|| {
                    format!("--variable {name} names the file {path}, which cannot be read")
                })?,
                None => value.to_owned(),
            };
            overrides.insert(name.to_owned(), value);
        }
        Ok(overrides)
    }
}

/// `localhost:3000` means 127.0.0.1, as in Spin, where the name has an IPv4 address.
fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let addresses: Vec<_> = text
        .to_socket_addrs()
        .map_err(|error| format!("give an address and a port, as in 127.0.0.1:3000 ({error})"))?
        .collect();
    let local = addresses.iter().find(|address| address.is_ipv4() && address.ip().is_loopback());
    local.or(addresses.first()).copied().ok_or_else(|| format!("{text} has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(arguments: &[&str]) -> Up {
        let all = ["atelier-runtime", "up"].iter().chain(arguments);
        let Command::Up(up) = Cli::try_parse_from(all).unwrap().command;
        up
    }

    #[test]
    fn the_defaults_are_spins_where_spin_has_the_option() {
        let up = up(&[]);
        assert_eq!(up.max_instance_reuse_count, Range::Fixed(128));
        assert_eq!(up.max_instance_concurrent_reuse_count, Range::Fixed(16));
        assert_eq!(up.idle_instance_timeout, Range::Fixed(Duration::from_secs(1)));
        assert_eq!((up.request_timeout, up.manifest.to_str()), (None, Some("spin.toml")));
        let clients = up.client_limits();
        assert_eq!((clients.connections_max, clients.timeout), (4096, Duration::from_secs(60)));
    }

    #[test]
    fn variables_are_names_with_values() {
        let overrides = up(&["--variable", "a=1", "--variable", "b=x=y"]).variable_overrides().unwrap();
        assert_eq!((overrides["a"].as_str(), overrides["b"].as_str()), ("1", "x=y"));
        assert!(up(&["--variable", "a"]).variable_overrides().is_err());
        assert!(up(&["--variable", "a=@/nosuch/file"]).variable_overrides().is_err());
    }

    #[test]
    fn localhost_is_the_ipv4_loopback() {
        assert_eq!(up(&["--listen", "localhost:81"]).listen.to_string(), "127.0.0.1:81");
        assert_eq!(up(&["--listen", "[::1]:81"]).listen.to_string(), "[::1]:81");
        assert!(parse_address("3000").is_err());
    }
}
