//! Replies whose body is sent while it is made.
//!
//! The work that makes the chunks runs beside the reply and is never cancelled: when the client disconnects, sending a
//! chunk fails, and the work ends in its own way (gives a quota back, deletes what it stored). How it ended is known
//! only then, so the edge writes the request's log line at the end of the work, not with the head of the reply.

mod body;
mod reply;

pub use body::{ChunkSender, ClientDisconnected, KeepAlive, StreamedBody};
pub use reply::{Ending, reply};
