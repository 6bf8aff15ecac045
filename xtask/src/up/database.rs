//! The database of auth: the caller's, read from `--database-url`, or the private one.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use crate::postgres::{APPLICATION, Cluster};

const SHAPE: &str = "write --database-url postgres://USER:PASSWORD@HOST:PORT/DATABASE";
const PORT: u16 = 5432;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Database {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) name: String,
    pub(super) user: String,
    pub(super) password: SecretString,
    pub(super) sslmode: &'static str,
}

impl Database {
    pub(super) fn private(cluster: &Cluster) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: cluster.port,
            name: APPLICATION.to_owned(),
            user: APPLICATION.to_owned(),
            password: cluster.password.clone(),
            sslmode: "disable",
        }
    }

    #[cfg(feature = "bench")]
    pub(super) fn url(&self) -> String {
        use secrecy::ExposeSecret as _;
        let Self { host, port, name, user, password, sslmode } = self;
        format!("postgres://{user}:{}@{host}:{port}/{name}?sslmode={sslmode}", password.expose_secret())
    }

    /// Reads a URL. Without `sslmode`, TLS is off for this machine and on for others.
    ///
    /// # Errors
    /// When it is no such URL. The message never holds the URL, which has a password.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let rest = ["postgres://", "postgresql://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.with_context(|| format!("that is no database address: {SHAPE}"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, name) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let user = decode(user)?;
        if user.is_empty() {
            bail!("the database address names no user: {SHAPE}");
        }
        let (host, port) = host_and_port(address)?;
        let local = matches!(host, "localhost" | "127.0.0.1");
        let sslmode = match query.split('&').find_map(|pair| pair.strip_prefix("sslmode=")) {
            Some("disable") => "disable",
            None if local => "disable",
            _ => "require",
        };
        let name = if name.is_empty() { user.clone() } else { decode(name)? };
        Ok(Self { host: host.to_owned(), port, name, user, password: decode(password)?.into(), sslmode })
    }

    /// Whether the server is reached over TLS.
    pub(crate) fn uses_tls(&self) -> bool {
        self.sslmode != "disable"
    }

    /// Whether anything listens there. Called before the long builds.
    ///
    /// # Errors
    /// When nothing does.
    pub(crate) fn check(&self) -> Result<()> {
        let address = format!("{}:{}", self.host, self.port);
        let mut resolved =
            address.to_socket_addrs().with_context(|| format!("no machine is named {}", self.host))?;
        if resolved.any(|one| TcpStream::connect_timeout(&one, CONNECT_TIMEOUT).is_ok()) {
            return Ok(());
        }
        bail!(
            "no PostgreSQL answers at {address}: start it, or leave out `--database-url` to use a private one"
        )
    }
}

fn host_and_port(address: &str) -> Result<(&str, u16)> {
    // Spin compares HOST:PORT with allowed_outbound_hosts as a URL, and takes the host without brackets.
    if let Some((host, _)) = address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        bail!(
            "Spin reaches no database by an IPv6 address: write the host's name instead of {host}, e.g. localhost"
        );
    }
    let (host, port) =
        address.split_once(':').map_or((address, Ok(PORT)), |(host, port)| (host, port.parse()));
    match port {
        Ok(port) if !host.is_empty() && !host.contains(['%', ',']) => Ok((host, port)),
        _ => bail!("the database address must name one host, reached over TCP: {SHAPE}"),
    }
}

fn decode(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.with_context(|| format!("that is no database address: {SHAPE}"))?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_callers_database_is_read_from_its_url() {
        let database =
            Database::parse("postgres://ann:s%40cret@db.example.org:6000/school?sslmode=require").unwrap();
        assert_eq!((database.host.as_str(), database.port), ("db.example.org", 6000));
        assert_eq!((database.user.as_str(), database.password.expose_secret()), ("ann", "s@cret"));
        assert_eq!((database.name.as_str(), database.sslmode), ("school", "require"));
        let defaults = Database::parse("postgresql://ann@localhost").unwrap();
        assert_eq!((defaults.port, defaults.name.as_str()), (5432, "ann"));
    }

    #[test]
    fn tls_is_off_for_this_machine_and_on_for_others_unless_the_url_says_otherwise() {
        let check = |rest: &str, expected| {
            assert_eq!(
                Database::parse(&format!("postgres://ann@{rest}")).unwrap().sslmode,
                expected,
                "{rest}"
            );
        };
        check("localhost/school", "disable");
        check("localhost/school?sslmode=require", "require");
        check("db.example.org/school", "require");
        check("db.example.org/school?application_name=x&sslmode=disable", "disable");
    }

    #[test]
    fn an_ipv6_address_is_refused_before_anything_is_built_because_spin_would_refuse_it() {
        let error = format!("{:#}", Database::parse("postgres://ann:hunter2@[::1]:5432/x").err().unwrap());
        assert!(
            error.contains("::1") && error.contains("localhost") && !error.contains("hunter2"),
            "{error}"
        );
    }

    #[test]
    fn a_bad_database_address_is_refused_without_repeating_its_password() {
        for url in [
            "mysql://ann:hunter2@db/x",
            "postgres://:hunter2@/x",
            "postgres://%2Frun:hunter2@%2Frun/x",
            "postgres://ann:hunter2@one,two/x",
            "postgres://ann:hunter2@db:port/x",
            "postgres://ann:hunter2%ff@db/x",
            "",
        ] {
            let error = format!("{:#}", Database::parse(url).err().unwrap());
            assert!(!error.contains("hunter2") && error.contains("postgres://USER"), "{error}");
        }
    }
}
