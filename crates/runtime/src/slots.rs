//! How many connections may be open, within what the system lets this process open.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How often idle connections are asked for their slots while a new connection waits.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// That no slot is free is logged once in this time.
const REPORT_PAUSE: Duration = Duration::from_secs(60);

/// One slot for each connection that may be open.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    wanted: Arc<Notify>,
    reported: Option<Instant>,
}

impl Slots {
    pub(crate) fn new(connections_max: usize) -> Self {
        let free = Arc::new(Semaphore::new(allowed_connections(connections_max)));
        Self { free, wanted: Arc::default(), reported: None }
    }

    /// Is notified when a connection waits for a slot.
    pub(crate) fn wanted(&self) -> Arc<Notify> {
        self.wanted.clone()
    }

    /// The next connection and its slot. Without a free one, a connection without a request gives way; while none does,
    /// this one waits, and more are queued by the system.
    pub(crate) async fn accept(
        &mut self,
        listener: &TcpListener,
    ) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let (stream, client) = listener.accept().await?;
        if let Ok(slot) = self.free.clone().try_acquire_owned() {
            return Ok((stream, client, slot));
        }
        loop {
            self.report();
            self.wanted.notify_waiters();
            if let Ok(Ok(slot)) = timeout(RETRY_PAUSE, self.free.clone().acquire_owned()).await {
                return Ok((stream, client, slot));
            }
        }
    }

    fn report(&mut self) {
        if self.reported.is_none_or(|reported| reported.elapsed() >= REPORT_PAUSE) {
            eprintln!("as many connections as --max-connections allows are open: new ones wait");
            self.reported = Some(Instant::now());
        }
    }
}

/// Raises this process's limit of open files as far as the system allows; returns how many connections fit into it.
fn allowed_connections(wanted: usize) -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let files = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok());
    // A request may open another file: a connection to an upstream or a database.
    let allowed = wanted.min(files.unwrap_or(usize::MAX) / 2).max(1);
    if allowed < wanted {
        eprintln!("warning: at most {allowed} connections, half of the files that this process may open");
    }
    allowed
}
