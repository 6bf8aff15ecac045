//! The component's log.

use crate::log::Event;

/// Prints one event as a line on standard output.
pub fn log(event: Event) {
    println!("{}", event.line());
}
