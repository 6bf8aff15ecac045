//! Starting the runtime and waiting until it really answers.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::children::{Plan, Running};
use crate::postgres::Purpose;
use crate::spin::Runtime;
use crate::{http, process};

use super::Launch;
use super::otlp::Otlp;

/// Compiling the components takes the runtime some seconds, a busy machine more.
const LISTEN_LIMIT: Duration = Duration::from_secs(120);
/// Migrations of an empty database are a matter of a second.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// Starts the runtime and waits for the line that says where it listens.
///
/// # Errors
/// When it does not start, with its last lines.
pub(crate) fn start(launch: &Launch<'_>, variables: &[(String, String)]) -> Result<(Running, SocketAddr)> {
    let mut plan = Plan::new("the runtime", launch.runtime.program(launch.tree));
    plan.args = arguments(launch.runtime, launch.tree.spin_toml(), launch.listen, launch.data);
    for (name, value) in variables {
        plan = plan.env(name, value);
    }
    if let Some((name, value)) = launch.otlp.and_then(Otlp::variable) {
        plan = plan.env(name, &value);
    }
    plan.log = Some(launch.data.join("logs/runtime.log"));
    plan.isolated = launch.purpose == Purpose::ThrowAway;
    plan.show = launch.purpose == Purpose::Keep;
    listening(plan)
}

fn arguments(runtime: &Runtime, manifest: PathBuf, listen: SocketAddr, data: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        vec!["up".into(), "-f".into(), manifest.into(), "--listen".into(), listen.to_string().into()];
    if let Runtime::Spin(_) = runtime {
        // Spin also keeps in files what components print: without this, beside spin.toml, and without an end.
        let logs: [OsString; 3] =
            ["--log-dir".into(), data.join("logs/spin").into(), "--truncate-logs".into()];
        arguments.extend(logs);
    }
    arguments
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
    fn spins_log_files_lie_with_the_data_and_begin_anew() {
        let arguments = |runtime: Runtime| {
            let listen = "127.0.0.1:3000".parse().unwrap();
            let all = arguments(&runtime, "/tree/spin.toml".into(), listen, Path::new("/data"));
            all.into_iter().map(|argument| argument.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        let common = "up -f /tree/spin.toml --listen 127.0.0.1:3000";
        assert_eq!(arguments(Runtime::Embedded), common, "it has no such files");
        assert_eq!(
            arguments(Runtime::Spin("/bin/spin".into())),
            format!("{common} --log-dir /data/logs/spin --truncate-logs")
        );
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        assert_eq!(short(" no\n database "), "no database");
        assert_eq!(short(&"é".repeat(1000)).chars().count(), 401);
    }
}
