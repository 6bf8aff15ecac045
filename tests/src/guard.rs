//! A child process that cannot outlive this one: a shell holds it and stops it when our end of a pipe
//! closes, which the kernel does even when the tests are killed.

use std::fmt;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

/// The shell leads a process group of its own, so the last line also takes what the program started. A program
/// that does not heed its signal is not waited for.
const HOLD: &str = r#"
"$@" </dev/null &
held=$!
exec >/dev/null 2>&1
cat
kill -s "$HOLD_SIGNAL" "$held"
{ sleep 20; kill -s KILL 0; } &
wait "$held"
test -z "$HOLD_FOLDER" || rm -rf "$HOLD_FOLDER"
kill -s KILL 0
"#;

/// Stops its process when dropped.
pub(crate) struct Guard {
    shell: Child,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({})", self.shell.id())
    }
}

/// How a held process ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending<'a> {
    /// A signal's name, without `SIG`.
    pub(crate) signal: &'a str,
    /// A folder that goes with the process; empty for none.
    pub(crate) folder: &'a str,
}

impl Guard {
    /// Runs `program` with `arguments` under the shell; `shape` may set the environment, the user and
    /// the pipes of the command. Both outputs end when the program ends.
    pub(crate) fn spawn(
        program: &str,
        arguments: &[String],
        ending: Ending<'_>,
        shape: impl FnOnce(&mut Command),
    ) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", HOLD, "hold", program]).args(arguments);
        command.env("HOLD_SIGNAL", ending.signal).env("HOLD_FOLDER", ending.folder).process_group(0);
        shape(&mut command);
        let shell = command.stdin(Stdio::piped()).spawn()?;
        Ok(Self { shell })
    }

    pub(crate) fn outputs(
        &mut self,
    ) -> (Option<std::process::ChildStdout>, Option<std::process::ChildStderr>) {
        (self.shell.stdout.take(), self.shell.stderr.take())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
