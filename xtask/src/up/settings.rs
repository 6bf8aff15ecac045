//! Which `SPIN_VARIABLE_…` the runtime gets: what the user set wins, the rest comes from what we started.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use postgres::config::{Host, SslMode};

use crate::mocks::Addresses;
use crate::postgres::roles;
use crate::secrets::Secret;

const PREFIX: &str = "SPIN_VARIABLE_";
/// Either switches traces on, in Spin and in the embedded runtime; the first wins.
const OTEL_ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// The user's environment variables. An empty `SPIN_VARIABLE_…` counts as set: it may switch something off.
pub(crate) struct Environment(BTreeMap<String, String>);

/// A database for auth.
#[derive(Clone)]
pub(crate) struct Database {
    host: String,
    port: u16,
    name: String,
    user: String,
    password: String,
    sslmode: &'static str,
}

/// Which upstreams are mocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Simulated {
    make: bool,
    gemini: bool,
}

/// What we started ourselves.
pub(crate) struct Settings<'a> {
    pub(crate) database: Option<&'a Database>,
    pub(crate) mocks: Option<&'a Addresses>,
    pub(crate) service_key: &'a Secret,
}

impl Environment {
    pub(crate) fn read() -> Self {
        Self::of(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    fn of(variables: impl Iterator<Item = (String, String)>) -> Self {
        Self(variables.collect())
    }

    /// One in which the user set nothing, whatever is really set: for tests.
    pub(crate) fn empty() -> Self {
        Self::of(std::iter::empty())
    }

    /// The receiver of traces that the user's `OTEL_…` name; the runtime reads them by itself.
    pub(super) fn otel_endpoint(&self) -> Option<&str> {
        OTEL_ENDPOINTS.iter().find_map(|name| self.value(name))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A database of the user's own, named variable by variable.
    pub(crate) fn names_database(&self) -> bool {
        self.sets("DB_HOST")
    }

    /// What has no key here.
    pub(crate) fn simulated(&self) -> Simulated {
        Simulated { make: !self.sets("WEBHOOK_URL"), gemini: !self.sets("GEMINI_AI_API_KEY") }
    }

    fn sets(&self, name: &str) -> bool {
        self.0.contains_key(&format!("{PREFIX}{name}"))
    }
}

impl Settings<'_> {
    /// The variables to add to the environment, without those that the user set.
    pub(crate) fn variables(&self, environment: &Environment) -> Vec<(String, String)> {
        let mut found: Vec<(&str, String)> = vec![("SERVICE_KEY", self.service_key.reveal().to_owned())];
        if let Some(database) = self.database {
            found.extend([
                ("DB_HOST", database.host.clone()),
                ("DB_PORT", database.port.to_string()),
                ("DB_NAME", database.name.clone()),
                ("DB_USER", database.user.clone()),
                ("DB_PASSWORD", database.password.clone()),
                ("DB_SSLMODE", database.sslmode.to_owned()),
            ]);
        }
        let simulated = environment.simulated();
        if let Some(mocks) = self.mocks {
            if simulated.make {
                found.push(("WEBHOOK_URL", mocks.webhook_url.clone()));
                found.push(("WEBHOOK_ORIGIN", mocks.webhook_origin.clone()));
            }
            if simulated.gemini {
                found.push(("GEMINI_AI_API_KEY", "simulated".to_owned()));
                found.push(("GEMINI_ORIGIN", mocks.gemini_origin.clone()));
            }
        }
        // The user's webhook may be anywhere; llm may connect there and nowhere else.
        if let Some(origin) = environment.value("SPIN_VARIABLE_WEBHOOK_URL").and_then(origin) {
            found.push(("WEBHOOK_ORIGIN", origin));
        }
        found
            .into_iter()
            .filter(|(name, _)| !environment.sets(name))
            .map(|(name, value)| (format!("{PREFIX}{name}"), value))
            .collect()
    }
}

impl Simulated {
    pub(crate) fn any(self) -> bool {
        self.make || self.gemini
    }

    /// What the user should know before the address.
    pub(crate) fn explain(
        self,
        runtime: &str,
        data: &Path,
        listen: SocketAddr,
        environment: &Environment,
    ) -> Vec<String> {
        let mut lines = vec![format!("Runtime: {runtime}. Data, logs and secrets: {}.", data.display())];
        if self.make {
            lines.push(
                "The Python helper's answers are SIMULATED: set SPIN_VARIABLE_WEBHOOK_URL to your Make.com webhook for real ones.".to_owned(),
            );
        }
        if self.gemini {
            lines.push(
                "The PDF converter's answers are SIMULATED: set SPIN_VARIABLE_GEMINI_AI_API_KEY to your Gemini key for real ones.".to_owned(),
            );
        }
        if !listen.ip().is_loopback() && !environment.sets("PUBLIC_ORIGIN") {
            lines.push(
                "Others can reach this address: set SPIN_VARIABLE_PUBLIC_ORIGIN to the https:// address they type, or signing in from elsewhere will not work.".to_owned(),
            );
        }
        lines
    }
}

impl Database {
    /// The private cluster's.
    pub(crate) fn private(port: u16, password: &Secret) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port,
            name: roles::NAME.to_owned(),
            user: roles::NAME.to_owned(),
            password: password.reveal().to_owned(),
            sslmode: "disable",
        }
    }

    /// The caller's. Without `sslmode`, TLS is off for this machine and on for others.
    ///
    /// # Errors
    /// When the URL is not one, or nothing listens there. The message never holds the URL: it has a password.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let shape = "write --database-url postgres://USER:PASSWORD@HOST:PORT/DATABASE";
        let config: postgres::Config =
            url.parse().map_err(|_| anyhow::anyhow!("that is no database address: {shape}"))?;
        let host = match config.get_hosts() {
            [Host::Tcp(host)] => host.clone(),
            _ => bail!("the database address must name one host, reached over TCP: {shape}"),
        };
        // Spin compares HOST:PORT with allowed_outbound_hosts as a URL, and takes the host without brackets.
        if host.contains(':') {
            bail!(
                "Spin reaches no database by an IPv6 address: write the host's name instead of {host}, e.g. localhost"
            );
        }
        let local = matches!(host.as_str(), "localhost" | "127.0.0.1");
        let sslmode = match config.get_ssl_mode() {
            SslMode::Disable => "disable",
            _ if local && !url.contains("sslmode=") => "disable",
            _ => "require",
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let user = config
            .get_user()
            .with_context(|| format!("the database address names no user: {shape}"))?
            .to_owned();
        let password = config
            .get_password()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .unwrap_or_default();
        let name = config.get_dbname().unwrap_or(&user).to_owned();
        Ok(Self { host, port, name, user, password, sslmode })
    }

    /// Whether the server is reached over TLS.
    pub(crate) fn wants_tls(&self) -> bool {
        self.sslmode != "disable"
    }

    /// Whether anything listens there, before the long builds.
    ///
    /// # Errors
    /// When nothing does.
    pub(crate) fn check(&self) -> Result<()> {
        use std::net::{TcpStream, ToSocketAddrs};
        let place = format!("{}:{}", self.host, self.port);
        let addresses =
            place.to_socket_addrs().with_context(|| format!("no machine is named {}", self.host))?;
        for address in addresses {
            if TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok() {
                return Ok(());
            }
        }
        bail!(
            "no PostgreSQL answers at {place}: start it, or leave out `--database-url` to use a private one"
        )
    }
}

/// `https://hook.eu2.make.com/abc` gives `https://hook.eu2.make.com`.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?;
    if host.is_empty() { None } else { Some(format!("{scheme}://{host}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &[(&str, &str)]) -> Environment {
        Environment::of(set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn variables(set: &[(&str, &str)]) -> Vec<(String, String)> {
        let addresses = Addresses {
            webhook_url: "http://127.0.0.1:1/hook".to_owned(),
            webhook_origin: "http://127.0.0.1:1".to_owned(),
            gemini_origin: "http://127.0.0.1:2".to_owned(),
        };
        let key = Secret::generate().unwrap();
        let database = Database::private(5433, &key);
        let settings = Settings { database: Some(&database), mocks: Some(&addresses), service_key: &key };
        settings.variables(&environment(set))
    }

    fn value(variables: &[(String, String)], name: &str) -> Option<String> {
        variables.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn with_nothing_set_everything_comes_from_what_we_started() {
        let found = variables(&[("PATH", "/bin")]);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_ORIGIN").unwrap(), "http://127.0.0.1:1");
        assert_eq!(value(&found, "SPIN_VARIABLE_GEMINI_ORIGIN").unwrap(), "http://127.0.0.1:2");
        assert_eq!(value(&found, "SPIN_VARIABLE_DB_PORT").unwrap(), "5433");
        assert_eq!(value(&found, "SPIN_VARIABLE_DB_SSLMODE").unwrap(), "disable");
        assert_eq!(value(&found, "SPIN_VARIABLE_SERVICE_KEY").unwrap().len(), 64);
    }

    #[test]
    fn what_the_user_set_is_never_set_by_us() {
        let found = variables(&[("SPIN_VARIABLE_SERVICE_KEY", ""), ("SPIN_VARIABLE_DB_PASSWORD", "x")]);
        assert_eq!(value(&found, "SPIN_VARIABLE_SERVICE_KEY"), None);
        assert_eq!(value(&found, "SPIN_VARIABLE_DB_PASSWORD"), None);
    }

    #[test]
    fn a_real_key_replaces_its_own_mock_only() {
        let found = variables(&[("SPIN_VARIABLE_GEMINI_AI_API_KEY", "real")]);
        assert_eq!(value(&found, "SPIN_VARIABLE_GEMINI_ORIGIN"), None);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_URL").unwrap(), "http://127.0.0.1:1/hook");
        let found = variables(&[("SPIN_VARIABLE_WEBHOOK_URL", "https://hook.eu2.make.com/abc?x=1")]);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_URL"), None);
        assert_eq!(value(&found, "SPIN_VARIABLE_WEBHOOK_ORIGIN").unwrap(), "https://hook.eu2.make.com");
        assert_eq!(value(&found, "SPIN_VARIABLE_GEMINI_AI_API_KEY").unwrap(), "simulated");
    }

    #[test]
    fn both_simulations_are_announced_and_real_ones_are_not() {
        let listen = "127.0.0.1:3000".parse().unwrap();
        let lines = |set: &[(&str, &str)]| {
            let environment = environment(set);
            environment.simulated().explain("embedded", Path::new("/x"), listen, &environment).join("\n")
        };
        assert_eq!(lines(&[]).matches("SIMULATED").count(), 2);
        let both =
            [("SPIN_VARIABLE_GEMINI_AI_API_KEY", "k"), ("SPIN_VARIABLE_WEBHOOK_URL", "https://h.make.com/a")];
        assert_eq!(lines(&both).matches("SIMULATED").count(), 0);
    }

    #[test]
    fn a_callers_database_is_read_from_its_url() {
        let database =
            Database::parse("postgres://ann:s%40cret@db.example.org:6000/school?sslmode=require").unwrap();
        assert_eq!((database.host.as_str(), database.port), ("db.example.org", 6000));
        assert_eq!((database.user.as_str(), database.password.as_str()), ("ann", "s@cret"));
        assert_eq!((database.name.as_str(), database.sslmode), ("school", "require"));
        assert_eq!(Database::parse("postgres://ann@localhost/school").unwrap().sslmode, "disable");
        assert_eq!(
            Database::parse("postgres://ann@localhost/school?sslmode=require").unwrap().sslmode,
            "require"
        );
        assert_eq!(Database::parse("postgres://ann@db.example.org/school").unwrap().sslmode, "require");
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
        for url in
            ["mysql://ann:hunter2@db/x", "postgres://:hunter2@/x", "postgres://%2Frun:hunter2@%2Frun/x", ""]
        {
            let error = format!("{:#}", Database::parse(url).err().unwrap());
            assert!(!error.contains("hunter2") && error.contains("postgres://USER"), "{error}");
        }
    }

    #[test]
    fn an_origin_is_scheme_and_host_without_credentials() {
        assert_eq!(
            origin("https://u:p@hook.make.com:8443/a?b").as_deref(),
            Some("https://hook.make.com:8443")
        );
        assert_eq!(origin("hook.make.com/a"), None);
        assert_eq!(origin("https:///a"), None);
    }
}
