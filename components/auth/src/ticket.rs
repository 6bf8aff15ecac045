//! The name of one admitted request: whoever was let through by `spend` reports its outcome under it.

/// 128 random bits, unguessable, so that naming it is proof enough of having been given it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket([u8; 16]);

impl Ticket {
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads 32 hexadecimal digits in lower case; `None` for anything that we never made.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 {
            return None;
        }
        hex::decode(text).ok()?.try_into().ok().map(Self)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_read_as_it_was_written_and_nothing_else_is() {
        let ticket = Ticket::from_random([0xab; 16]);
        assert_eq!(Ticket::parse(&ticket.to_string()), Some(ticket));
        for bad in ["", "ab", &"ab".repeat(17), &"é".repeat(16)] {
            assert_eq!(Ticket::parse(bad), None, "{bad}");
        }
    }
}
