//! The running application: PostgreSQL, mocks and runtime, started in this order and stopped in the other.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::otlp::Otlp;
use super::serve;
use super::settings::{Database, Environment, Settings};
use crate::children::Running;
use crate::paths::Tree;
use crate::postgres::{Cluster, Purpose};
use crate::secrets::Secret;
use crate::spin::Runtime;
use crate::{mocks, process};

/// What to start.
pub(crate) struct Launch<'a> {
    pub(crate) tree: &'a Tree,
    /// Where the database, the logs and the secrets are.
    pub(crate) data: &'a Path,
    pub(crate) listen: SocketAddr,
    pub(crate) runtime: &'a Runtime,
    pub(crate) environment: &'a Environment,
    /// The caller's server; without one, a private cluster unless the environment names one.
    pub(crate) database: Option<Database>,
    /// Where traces go, when they are wanted.
    pub(crate) otlp: Option<&'a Otlp>,
    pub(crate) purpose: Purpose,
}

/// Everything that runs. Fields are dropped from the first to the last, which stops them in this order.
pub(crate) struct App {
    runtime: Running,
    mocks: Option<Running>,
    cluster: Option<Cluster>,
    pub(crate) address: SocketAddr,
}

impl Launch<'_> {
    /// Starts everything and returns when pages are answered.
    ///
    /// # Errors
    /// When a part does not start; what had been started is stopped.
    pub(crate) fn start(self) -> Result<App> {
        let (cluster, database) = self.database()?;
        let (mocks, addresses) = if self.environment.simulated().any() {
            let (child, addresses) = mocks::start(self.tree, self.data)?;
            (Some(child), Some(addresses))
        } else {
            (None, None)
        };
        let key = Secret::kept(&self.data.join("secrets"), "service-key")?;
        let settings = Settings { database: database.as_ref(), mocks: addresses.as_ref(), service_key: &key };
        let (mut runtime, address) = serve::start(&self, &settings.variables(self.environment))?;
        serve::wait_until_ready(&mut runtime, address)?;
        Ok(App { runtime, mocks, cluster, address })
    }

    fn database(&self) -> Result<(Option<Cluster>, Option<Database>)> {
        if self.database.is_some() || self.environment.names_database() {
            return Ok((None, self.database.clone()));
        }
        let cluster = Cluster::start(self.data, self.purpose)?;
        let password = cluster.application(self.data)?;
        let database = Database::private(cluster.port, &password);
        Ok((Some(cluster), Some(database)))
    }
}

impl App {
    /// The runtime's process, for who measures it.
    #[cfg(feature = "bench")]
    pub(crate) fn runtime_pid(&self) -> u32 {
        self.runtime.pid()
    }

    /// Returns when we are asked to stop (well) or when a child has died (an error with its last lines).
    ///
    /// # Errors
    /// When a child has died.
    pub(crate) fn watch(&mut self) -> Result<()> {
        loop {
            if process::stopping() {
                return Ok(());
            }
            self.check()?;
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn check(&mut self) -> Result<()> {
        let cluster = self.cluster.as_mut().map(|cluster| &mut cluster.server);
        let children = [Some(&mut self.runtime), self.mocks.as_mut(), cluster];
        for child in children.into_iter().flatten() {
            // A child may have been told to stop together with us; then it is no failure.
            if let Some(status) = child.ended()
                && !process::stopping()
            {
                let words = child.last_words();
                bail!("{} ended by itself ({status}); its last lines:\n{words}", child.name());
            }
        }
        Ok(())
    }
}
