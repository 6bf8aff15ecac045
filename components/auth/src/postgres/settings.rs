//! Makes a connection string from the `db_*` variables.

use secrecy::{ExposeSecret, SecretString};

use super::DatabaseError;

/// Where the database is.
pub struct DatabaseSettings {
    pub host: String,
    pub port: String,
    pub name: String,
    pub user: String,
    pub password: SecretString,
    /// `disable`, or anything else for TLS with a verified certificate where the server offers it.
    pub sslmode: String,
}

/// What a connection is for. Each purpose has its own time limits, and so its own pool in the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The statements of a request.
    Request,
    /// A migration, which may take long and waits while another instance migrates.
    Migration,
}

/// Time limit for opening a connection.
const CONNECT_SECONDS_MAX: u32 = 3;

impl Purpose {
    /// (`statement_timeout`, `lock_timeout`) in milliseconds. Spin's pool has no limits, so without these a query that
    /// hangs would occupy its connection for ever.
    const fn limits_ms(self) -> (u32, u32) {
        match self {
            Self::Request => (3_000, 2_000),
            Self::Migration => (60_000, 30_000),
        }
    }
}

impl DatabaseSettings {
    /// A libpq connection string (`host='…' …`). Every value is quoted, so that none can add a parameter. Keyword form,
    /// because a URL would have to be percent-encoded.
    ///
    /// # Errors
    /// [`DatabaseError::NotConfigured`] naming the first variable that is empty. An empty password is allowed:
    /// a local server may trust its clients or ask for a certificate.
    pub fn connection_string(&self, purpose: Purpose) -> Result<SecretString, DatabaseError> {
        let needed = [
            ("db_host", &self.host),
            ("db_port", &self.port),
            ("db_name", &self.name),
            ("db_user", &self.user),
        ];
        if let Some((variable, _)) = needed.iter().find(|(_, value)| value.is_empty()) {
            return Err(DatabaseError::NotConfigured(variable));
        }
        let (statement_ms, lock_ms) = purpose.limits_ms();
        let options = format!("-c statement_timeout={statement_ms} -c lock_timeout={lock_ms}");
        let connect = CONNECT_SECONDS_MAX.to_string();
        // tokio-postgres, which Spin uses, has these three modes; its `require` verifies like libpq's `verify-full`.
        let sslmode = match self.sslmode.as_str() {
            "disable" => "disable",
            "" | "prefer" | "allow" => "prefer",
            _ => "require",
        };
        let pairs = [
            ("host", self.host.as_str()),
            ("port", self.port.as_str()),
            ("dbname", self.name.as_str()),
            ("user", self.user.as_str()),
            ("password", self.password.expose_secret()),
            ("sslmode", sslmode),
            ("connect_timeout", connect.as_str()),
            ("application_name", "atelier-auth"),
            ("options", options.as_str()),
        ];
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={}", quoted(value))).collect();
        Ok(pairs.join(" ").into())
    }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    static_assertions::assert_not_impl_any!(DatabaseSettings: std::fmt::Debug);

    fn settings() -> DatabaseSettings {
        DatabaseSettings {
            host: "127.0.0.1".to_owned(),
            port: "5432".to_owned(),
            name: "atelier".to_owned(),
            user: "atelier".to_owned(),
            password: "it's \\ a' host=evil pässword".into(),
            sslmode: "disable".to_owned(),
        }
    }

    #[test]
    fn every_value_is_quoted() {
        let text = settings().connection_string(Purpose::Request).unwrap();
        let config: tokio_postgres::Config = text.expose_secret().parse().unwrap();
        assert_eq!(config.get_password(), Some("it's \\ a' host=evil pässword".as_bytes()));
        assert_eq!(config.get_hosts().len(), 1);
        assert_eq!(config.get_ports(), [5432]);
        assert_eq!(config.get_dbname(), Some("atelier"));
        assert_eq!(config.get_options(), Some("-c statement_timeout=3000 -c lock_timeout=2000"));
        assert_eq!(config.get_ssl_mode(), tokio_postgres::config::SslMode::Disable);
    }

    #[test]
    fn a_missing_variable_is_named() {
        let settings = DatabaseSettings { name: String::new(), ..settings() };
        let error = settings.connection_string(Purpose::Request).unwrap_err();
        assert_eq!(error, DatabaseError::NotConfigured("db_name"));
    }

    #[test]
    fn libpqs_stricter_modes_become_require() {
        let mode = |sslmode: &str| {
            let settings = DatabaseSettings { sslmode: sslmode.to_owned(), ..settings() };
            let text = settings.connection_string(Purpose::Request).unwrap();
            text.expose_secret().parse::<tokio_postgres::Config>().unwrap().get_ssl_mode()
        };
        assert_eq!(mode("verify-full"), tokio_postgres::config::SslMode::Require);
        assert_eq!(mode(""), tokio_postgres::config::SslMode::Prefer);
    }
}
