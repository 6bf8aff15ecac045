//! Starting the runtime and waiting until it really answers.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::children::{Plan, Running};
use crate::postgres::Purpose;
use crate::{http, process};

use super::Launch;

/// Compiling the components takes the runtime some seconds, a busy machine more.
const LISTEN_LIMIT: Duration = Duration::from_secs(120);
/// Migrations of an empty database are a matter of a second.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// Starts the runtime and waits for the line that says where it listens.
///
/// # Errors
/// When it does not start, with its last lines.
pub(crate) fn start(launch: &Launch<'_>, variables: &[(String, String)]) -> Result<(Running, SocketAddr)> {
    let mut plan = Plan::new("the runtime", launch.runtime.program(launch.tree))
        .arg("up")
        .arg("-f")
        .arg(launch.tree.spin_toml())
        .arg("--listen")
        .arg(launch.listen.to_string());
    for (name, value) in variables {
        plan = plan.env(name, value);
    }
    for (name, value) in launch.traces.variables() {
        plan = plan.env(name, &value);
    }
    plan.log = Some(launch.data.join("logs/runtime.log"));
    plan.isolated = launch.purpose == Purpose::ThrowAway;
    plan.show = launch.purpose == Purpose::Keep;
    listening(plan)
}

/// Starts a program and waits for the line that says where it listens.
///
/// # Errors
/// As [`start`].
pub(crate) fn listening(plan: Plan) -> Result<(Running, SocketAddr)> {
    let mut child = plan.start()?;
    let start = Instant::now();
    loop {
        if let Ok(line) = child.lines.recv_timeout(Duration::from_millis(50))
            && let Some(address) = serving(&line)
        {
            return Ok((child, address));
        }
        check(&mut child)?;
        if start.elapsed() > LISTEN_LIMIT {
            let seconds = LISTEN_LIMIT.as_secs();
            bail!("{} did not listen within {seconds} s:\n{}", child.name(), child.last_words());
        }
    }
}

/// Waits until the database is migrated and the first page is there.
///
/// # Errors
/// When that takes too long, with the reason that the app itself gives.
pub(crate) fn wait_until_ready(child: &mut Running, address: SocketAddr) -> Result<()> {
    let start = Instant::now();
    loop {
        let reason = match (http::get(address, "/auth/readyz"), http::get(address, "/auth")) {
            (Ok(ready), Ok(page)) if ready.status == 200 && page.status == 200 => return Ok(()),
            (Ok(ready), _) if ready.status != 200 => {
                format!("/auth/readyz says {}: {}", ready.status, ready.rest.trim())
            }
            (_, Ok(page)) => format!("/auth says {}: {}", page.status, page.rest.trim()),
            (Err(error), _) | (_, Err(error)) => format!("{error:#}"),
        };
        check(child)?;
        if start.elapsed() > READY_LIMIT {
            bail!("the app is not ready after {} s: {}", READY_LIMIT.as_secs(), short(&reason));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn check(child: &mut Running) -> Result<()> {
    if let Some(status) = child.ended() {
        bail!("{} ended ({status}); its last lines:\n{}", child.name(), child.last_words());
    }
    if process::stopping() {
        bail!("stopped");
    }
    Ok(())
}

/// The address in `Serving http://127.0.0.1:3000`.
fn serving(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix("Serving http://")?.trim_end_matches('/').parse().ok()
}

/// A page of HTML does not help anybody on a terminal.
fn short(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(400) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_runtimes_line_and_from_no_other() {
        assert_eq!(serving("Serving http://127.0.0.1:3000"), Some("127.0.0.1:3000".parse().unwrap()));
        assert_eq!(serving("Serving http://127.0.0.1:3000/\r"), Some("127.0.0.1:3000".parse().unwrap()));
        assert_eq!(serving("  auth: http://127.0.0.1:3000/auth (wildcard)"), None);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        assert_eq!(short(" no\n database "), "no database");
        assert_eq!(short(&"é".repeat(1000)).chars().count(), 401);
    }
}
