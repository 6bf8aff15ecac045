//! Who is signed in.

/// A signed-in user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Stable and opaque; safe in a log.
    pub id: String,
    /// As the user wrote it; personal data.
    pub name: String,
}
