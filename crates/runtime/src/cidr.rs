//! Blocks of addresses, `192.0.2.0/24` or `2001:db8::/32`.

use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    prefix: u32,
}

impl Cidr {
    /// Bits beyond the prefix are ignored, so `10.1.2.3/8` is `10.0.0.0/8`. `None` if it is not a block:
    /// an address without a `/` is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let prefix: u32 = prefix.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= bits).then(|| Self { network: truncate(address, prefix), prefix })
    }

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.network.is_ipv4() && truncate(address, self.prefix) == self.network
    }
}

fn truncate(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_contains_what_shares_its_prefix() {
        for (block, address, expected) in [
            ("127.0.0.1/24", "127.0.0.255", true),
            ("127.0.0.0/24", "127.0.1.0", false),
            ("10.1.2.3/8", "10.255.0.1", true),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("192.0.2.7/32", "192.0.2.7", true),
            ("192.0.2.7/32", "192.0.2.8", false),
            ("ff00::/8", "ffff::1", true),
            ("ff00::/8", "fe00::1", false),
            ("::/0", "127.0.0.1", false),
        ] {
            let contains = Cidr::parse(block).unwrap().contains(address.parse().unwrap());
            assert_eq!(contains, expected, "{block} {address}");
        }
    }

    #[test]
    fn what_is_not_a_block_is_none() {
        for text in ["127.0.0.1", "127.0.0.1/33", "::/129", "x/8", "127.0.0.1/", "127.0.0.1/-1", ""] {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
    }
}
