//! Who is signed in.

use serde::Deserialize;

/// A signed-in user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Stable and opaque; safe in a log.
    pub id: String,
    /// As the user wrote it; personal data.
    pub name: String,
}
