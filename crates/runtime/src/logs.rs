//! The output of guests: line by line on the runtime's stderr, each line after the component's id.
//!
//! Lines of different instances are not mixed. A line that is longer than [`LINE_BYTES_MAX`] is printed in pieces.

use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// A longer line is printed in pieces of this many bytes.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// The stdout or stderr of one instance.
#[derive(Clone, Debug)]
pub(crate) struct GuestLog(Arc<Shared>);

/// The state that the handles of one stream share. Dropping the last handle prints the rest.
#[derive(Debug)]
struct Shared {
    component: Arc<str>,
    quiet: bool,
    pending: Mutex<Vec<u8>>,
}

impl GuestLog {
    #[must_use]
    pub(crate) fn new(component: &str, quiet: bool) -> Self {
        Self(Arc::new(Shared { component: component.into(), quiet, pending: Mutex::default() }))
    }

    fn write(&self, bytes: &[u8]) {
        if self.0.quiet {
            return;
        }
        let mut pending = self.0.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.extend_from_slice(bytes);
        let printed = complete_lines(&self.0.component, &mut pending);
        print(&printed);
    }
}

impl Drop for Shared {
    /// Prints an incomplete last line.
    fn drop(&mut self) {
        let pending = self.pending.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !pending.is_empty() {
            pending.push(b'\n');
            let printed = complete_lines(&self.component, pending);
            print(&printed);
        }
    }
}

/// Removes the complete lines from `pending`; returns each after the component's id.
fn complete_lines(component: &str, pending: &mut Vec<u8>) -> Vec<u8> {
    let mut printed = Vec::new();
    let mut taken = 0;
    while let Some(rest) = pending.get(taken..) {
        let (line, used) = match rest.iter().take(LINE_BYTES_MAX).position(|byte| *byte == b'\n') {
            Some(end) => (rest.get(..end).unwrap_or_default(), end + 1),
            None if rest.len() >= LINE_BYTES_MAX => {
                (rest.get(..LINE_BYTES_MAX).unwrap_or_default(), LINE_BYTES_MAX)
            }
            None => break,
        };
        printed.extend_from_slice(component.as_bytes());
        printed.extend_from_slice(b": ");
        printed.extend_from_slice(line);
        printed.push(b'\n');
        taken += used;
    }
    pending.drain(..taken);
    printed
}

/// One write for several lines, so that concurrent instances do not mix theirs. Errors are ignored: a closed stderr must
/// not fail a guest's request.
fn print(lines: &[u8]) {
    if !lines.is_empty() {
        let _ = std::io::stderr().lock().write_all(lines);
    }
}

impl IsTerminal for GuestLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestLog {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for GuestLog {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A message of wasmtime or of a parser, which may span lines, as one line.
pub(crate) fn one_line(message: impl std::fmt::Display) -> String {
    message.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_complete_lines_are_printed_each_with_the_component() {
        let mut pending = b"one\n\ntwo\nthr".to_vec();
        assert_eq!(complete_lines("auth", &mut pending), b"auth: one\nauth: \nauth: two\n");
        assert_eq!(pending, b"thr");
    }

    #[test]
    fn an_endless_line_is_cut() {
        let mut pending = vec![b'x'; LINE_BYTES_MAX + 5];
        let printed = complete_lines("c", &mut pending);
        assert_eq!((printed.len(), pending.len()), (LINE_BYTES_MAX + "c: \n".len(), 5));
    }
}
