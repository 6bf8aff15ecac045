//! The running application: PostgreSQL, mocks and runtime, started in this order and stopped in the reverse one.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;

use super::database::Database;
use super::launch::Launch;
use super::serve;
use super::settings::Settings;
use crate::child::RunningChild;
use crate::postgres::Cluster;
use crate::{mocks, process, secrets};

/// The database to use, and the private cluster that it is in, if any.
pub(crate) struct Storage {
    cluster: Option<Cluster>,
    database: Option<Database>,
}

/// Everything that runs. Fields are dropped from the first to the last, which stops them in this order.
pub(crate) struct App {
    runtime: RunningChild,
    mocks: Option<RunningChild>,
    cluster: Option<Cluster>,
    pub(crate) address: SocketAddr,
}

impl Launch<'_> {
    /// Starts the private cluster unless the caller has a database.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn storage(&self) -> Result<Storage> {
        if self.database.is_some() || self.environment.names_database() {
            return Ok(Storage { cluster: None, database: self.database.clone() });
        }
        let cluster = Cluster::start(self.data, self.purpose)?;
        let database = Some(Database::private(&cluster));
        Ok(Storage { cluster: Some(cluster), database })
    }

    /// Starts everything else and returns when pages are answered.
    ///
    /// # Errors
    /// When a part does not start; what had been started is stopped.
    pub(crate) fn start(self, Storage { cluster, database }: Storage) -> Result<App> {
        let (mocks, addresses) = if self.environment.simulated().any() {
            let (child, addresses) = mocks::start(self.tree, self.data)?;
            (Some(child), Some(addresses))
        } else {
            (None, None)
        };
        let key = secrets::load_or_generate(&self.data.join("secrets"), "service-key")?;
        let settings = Settings { database: database.as_ref(), mocks: addresses.as_ref(), service_key: &key };
        let (mut runtime, address) = serve::start(&self, settings.variables(self.environment))?;
        serve::wait_until_ready(&mut runtime, address)?;
        Ok(App { runtime, mocks, cluster, address })
    }
}

impl App {
    /// The runtime's process number, to measure it.
    #[cfg(feature = "bench")]
    pub(crate) fn runtime_pid(&self) -> u32 {
        self.runtime.pid()
    }

    /// The private cluster's database, for a program that is measured against the application.
    #[cfg(feature = "bench")]
    pub(crate) fn database_url(&self) -> Option<String> {
        self.cluster.as_ref().map(|cluster| Database::private(cluster).url())
    }

    /// Returns when xtask is asked to stop, or when a child has ended by itself.
    ///
    /// # Errors
    /// When a child has ended, with the tail of its log.
    pub(crate) fn watch(&mut self) -> Result<()> {
        loop {
            match self.check() {
                _ if process::stop_requested() => return Ok(()),
                outcome => outcome?,
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn check(&mut self) -> Result<()> {
        let cluster = self.cluster.as_mut().map(|cluster| &mut cluster.server);
        let mut children = [Some(&mut self.runtime), self.mocks.as_mut(), cluster].into_iter().flatten();
        children.try_for_each(RunningChild::check)
    }
}
