//! What a child process wrote, line by line.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The lines of any number of outputs, in order of arrival. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    open_outputs: usize,
}

impl Log {
    /// Adds the lines of `output`, from a thread that ends with it.
    pub fn collect(&self, output: impl Read + Send + 'static) {
        self.state().open_outputs += 1;
        let log = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                log.change(|state| state.lines.push(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            log.change(|state| state.open_outputs -= 1);
        });
    }

    /// Everything so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.state().lines.join("\n")
    }

    /// The last lines.
    #[must_use]
    pub fn tail(&self, lines: usize) -> String {
        let state = self.state();
        state.lines[state.lines.len().saturating_sub(lines)..].join("\n")
    }

    /// What `find` makes of the first line that it accepts. `None` when `limit` passes, or every output ends, before
    /// there is such a line.
    pub fn wait_for<T>(&self, limit: Duration, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + limit;
        let mut state = self.state();
        let mut seen = 0;
        loop {
            if let Some(found) = state.lines[seen..].iter().find_map(|line| find(line)) {
                return Some(found);
            }
            seen = state.lines.len();
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.open_outputs == 0 {
                return None;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(line: &str) -> Option<u32> {
        line.strip_prefix("port ")?.parse().ok()
    }

    #[test]
    fn a_line_is_waited_for_until_the_outputs_end() {
        let log = Log::default();
        let (reader, mut writer) = std::io::pipe().unwrap();
        log.collect(reader);
        log.collect("one\ntwo".as_bytes());
        let waiting = thread::spawn({
            let log = log.clone();
            move || log.wait_for(Duration::from_secs(60), numbered)
        });
        std::io::Write::write_all(&mut writer, b"port x\nport 7\n").unwrap();
        assert_eq!(waiting.join().unwrap(), Some(7));
        drop(writer);
        assert_eq!(log.wait_for(Duration::from_secs(60), |line| line.strip_prefix("port 8").map(drop)), None);
        assert!(log.text().contains("one\ntwo"), "{}", log.text());
        assert_eq!(log.tail(9).lines().count(), 4);
    }
}
