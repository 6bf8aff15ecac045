//! A child process that cannot outlive the tests: a shell waits for the end of a pipe, which the kernel closes however
//! the tests end, and then stops the program. Statics are never dropped, so a destructor alone would not do.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

/// The shell leads a process group of its own, so that the last line also ends what the program started. A program
/// that ignores its signal is killed after 20 seconds.
const SUPERVISE: &str = r#"
"$@" </dev/null &
program=$!
exec >/dev/null 2>&1
cat
kill -s "$STOP_SIGNAL" "$program"
{ sleep 20; kill -s KILL 0; } &
wait "$program"
test -z "$STOP_REMOVES" || rm -rf "$STOP_REMOVES"
kill -s KILL 0
"#;

/// A program under the shell; dropping this stops it.
#[derive(Debug)]
pub struct ChildProcess {
    shell: Child,
}

/// What happens when the child is stopped.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// The name of the signal, without `SIG`.
    pub signal: &'a str,
    /// A folder that is removed afterwards; empty for none.
    pub folder: &'a str,
}

impl ChildProcess {
    /// Runs `program` with `arguments`; `configure` may set the environment, the user and the pipes of the command.
    ///
    /// # Errors
    /// When there is no shell. Where there is no program, the shell says so on its stderr.
    pub fn spawn(
        program: &str,
        arguments: &[&str],
        ending: Ending<'_>,
        configure: impl FnOnce(&mut Command),
    ) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SUPERVISE, "supervise", program]).args(arguments).process_group(0);
        command.env("STOP_SIGNAL", ending.signal).env("STOP_REMOVES", ending.folder);
        configure(&mut command);
        Ok(Self { shell: command.stdin(Stdio::piped()).spawn()? })
    }

    /// The pipes that `configure` asked for; each ends when the program ends.
    pub fn outputs(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.shell.stdout.take(), self.shell.stderr.take())
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::*;

    #[test]
    fn a_dropped_child_is_stopped_and_its_folder_removed() {
        let folder = std::env::temp_dir().join(format!("atelier-test-support-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let ending = Ending { signal: "TERM", folder: &folder.to_string_lossy() };
        let script = ["-c", "echo $$; exec sleep 600"];
        let mut child = ChildProcess::spawn("sh", &script, ending, |command| {
            command.stdout(Stdio::piped());
        })
        .unwrap();
        let mut pid = String::new();
        BufReader::new(child.outputs().0.unwrap()).read_line(&mut pid).unwrap();
        let is_alive = || {
            Command::new("kill").args(["-0", pid.trim()]).stderr(Stdio::null()).status().unwrap().success()
        };
        assert!(is_alive());
        drop(child);
        assert!(!is_alive() && !folder.exists());
    }
}
