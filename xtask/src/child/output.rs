//! What a child writes: read line by line into its log, its log tail, and where else it is needed.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// How many lines are kept for messages.
const LOG_TAIL_LINES: usize = 20;

/// The last lines of a child's output, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct LogTail(Arc<Mutex<VecDeque<String>>>);

/// Where the lines of one stream go, besides the log tail.
pub(super) struct Output {
    pub(super) tail: LogTail,
    pub(super) log: Option<File>,
    /// Whether they are shown on the terminal.
    pub(super) show: bool,
    pub(super) lines: Option<Sender<String>>,
}

impl Output {
    pub(super) fn follow(mut self, stream: impl Read + Send + 'static) -> JoinHandle<()> {
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                self.take(String::from_utf8_lossy(&line).trim_end());
            }
        })
    }

    /// Ignores failures: a full disk must not stop the child's output from being read.
    fn take(&mut self, line: &str) {
        if let Some(file) = &mut self.log {
            writeln!(file, "{line}").ok();
        }
        if self.show {
            eprintln!("{line}");
        }
        self.tail.push(line);
        if let Some(lines) = &self.lines {
            lines.send(line.to_owned()).ok();
        }
    }
}

impl LogTail {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LOG_TAIL_LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// The lines, indented for a message.
    pub(super) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_kept() {
        let tail = LogTail::default();
        for number in 0..50 {
            tail.push(&number.to_string());
        }
        let text = tail.text();
        assert_eq!((text.lines().count(), text.lines().next()), (LOG_TAIL_LINES, Some("  30")));
    }
}
