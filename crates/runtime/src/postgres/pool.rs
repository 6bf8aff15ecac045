//! Opening and pooling connections, and the check of where they go.
#![expect(clippy::result_large_err, reason = "the error is what the WIT says, and rare")]

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use tokio_postgres::NoTls;
use tokio_postgres::config::{Host, SslMode};

use crate::allowed_hosts::AllowedHosts;
use crate::postgres::tls::MakeTls;
use crate::wit::postgres::Error;

/// Per connection string and component, as in Spin. The next request waits, without a limit, until one is returned.
pub(crate) const CONNECTIONS_MAX: usize = 64;

/// Pools of one component; a new one takes the place of the least recently used.
const POOLS_MAX: usize = 16;

type Key = (String, Option<String>);

/// The pools of one component. Their keys hold passwords, so there is no `Debug`.
#[derive(Default)]
pub(crate) struct Pools {
    /// Ordered by use, the most recent last.
    pools: Mutex<Vec<(Key, Pool)>>,
}

impl Pools {
    /// # Errors
    /// The connection string cannot be read, or no connection can be made.
    pub(crate) async fn connect(&self, address: &str, ca_root: Option<&str>) -> Result<Object> {
        let pool = self.pool(address, ca_root).context("establishing PostgreSQL connection pool")?;
        Ok(pool.get().await?)
    }

    fn pool(&self, address: &str, ca_root: Option<&str>) -> Result<Pool> {
        let key = (address.to_owned(), ca_root.map(str::to_owned));
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = pools.iter().position(|(known, _)| *known == key) {
            let entry = pools.remove(at);
            let pool = entry.1.clone();
            pools.push(entry);
            return Ok(pool);
        }
        let pool = create(address, ca_root)?;
        if pools.len() >= POOLS_MAX {
            pools.remove(0);
        }
        pools.push((key, pool.clone()));
        Ok(pool)
    }
}

fn create(address: &str, ca_root: Option<&str>) -> Result<Pool> {
    let config: tokio_postgres::Config = address.parse().context("parsing Postgres connection string")?;
    // Session state (settings, locks, temporary tables) is discarded before a connection is used again.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Clean };
    let manager = if config.get_ssl_mode() == SslMode::Disable {
        Manager::from_config(config, NoTls, recycling)
    } else {
        Manager::from_config(config, MakeTls::new(ca_root)?, recycling)
    };
    Pool::builder(manager).max_size(CONNECTIONS_MAX).build().context("building Postgres connection pool")
}

/// Every host of the connection string must be allowed, and none may be a Unix socket.
pub(crate) fn check_address(allowed: &AllowedHosts, address: &str) -> Result<(), Error> {
    let failed = |text: String| Err(Error::ConnectionFailed(text));
    let config: tokio_postgres::Config = match address.parse() {
        Ok(config) => config,
        Err(error) => return failed(error.to_string()),
    };
    let ports = config.get_ports();
    for (index, host) in config.get_hosts().iter().enumerate() {
        let Host::Tcp(host) = host else {
            return failed("Unix sockets are not supported on WebAssembly".to_owned());
        };
        let port = match ports {
            [only] => Some(only),
            several => several.get(index),
        };
        let target = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        if !allowed.allows(&target, "postgres") {
            return failed(format!("address postgres://{target} is not permitted"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str) -> Result<(), String> {
        let entries = ["postgres://127.0.0.1:5432".to_owned(), "postgres://db.example.org:*".to_owned()];
        let allowed = AllowedHosts::parse(&entries, |name| anyhow::bail!("{name}"), &[]).unwrap();
        check_address(&allowed, address).map_err(|error| match error {
            Error::ConnectionFailed(text) => text,
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn every_host_of_the_connection_string_is_checked() {
        for address in [
            "postgres://u:p@127.0.0.1:5432/d",
            "postgres://u:p%23%40@127.0.0.1/d?sslmode=disable",
            "host=127.0.0.1 port=5432 user=u",
            "host=127.0.0.1,db.example.org port=5432,9999 user=u",
            "host=db.example.org port=1 user=u",
        ] {
            assert_eq!(check(address), Ok(()), "{address}");
        }
        for address in [
            "postgres://u@127.0.0.1:5433/d",
            "postgres://u@localhost:5432/d",
            "host=127.0.0.1,evil.org port=5432,5432 user=u",
            "host=evil.org,127.0.0.1 user=u",
        ] {
            assert!(check(address).unwrap_err().contains("is not permitted"), "{address}");
        }
    }

    #[test]
    fn unix_sockets_and_unreadable_strings_are_refused() {
        assert!(check("host=/run/postgresql user=u").unwrap_err().contains("Unix sockets"));
        assert!(check("postgres://u@%2Frun%2Fpostgresql/d").unwrap_err().contains("Unix sockets"));
        assert!(check("nonsense").is_err());
        assert!(check("host=127.0.0.1 port=x").is_err());
    }

    #[test]
    fn one_connection_string_has_one_pool_and_old_ones_are_let_go() {
        let pools = Pools::default();
        let address = |n: usize| format!("postgres://u@127.0.0.1:{}/d?sslmode=disable", 5000 + n);
        for n in 0..POOLS_MAX {
            pools.pool(&address(n), None).unwrap();
        }
        pools.pool(&address(0), None).unwrap();
        pools.pool(&address(POOLS_MAX), None).unwrap();
        let known = pools.pools.lock().unwrap();
        let has = |n| known.iter().any(|((text, _), _)| *text == address(n));
        assert_eq!((known.len(), has(0), has(1), has(POOLS_MAX)), (POOLS_MAX, true, false, true));
    }
}
