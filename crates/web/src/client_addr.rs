//! The address of the client, by which requests are throttled.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The proxies whose `X-Forwarded-For` is trusted.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and CIDR blocks separated by commas or blanks; empty means none.
    ///
    /// # Errors
    /// The first item that is neither, for the log.
    pub fn parse(list: &str) -> Result<Self, String> {
        list.split([',', ' '])
            .filter(|item| !item.is_empty())
            .map(|item| {
                let net = item.parse::<IpNet>().or_else(|_| item.parse::<IpAddr>().map(IpNet::from));
                net.map_err(|_| item.to_owned())
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The client's address. Spin appends its `spin-client-addr` to what the client sent under that name, so only
    /// the last value is trusted. When that peer is a trusted proxy, `X-Forwarded-For` is read from the
    /// right, past further trusted proxies (ASVS 5.0 4.1.3, 15.3.4).
    #[must_use]
    pub fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer(headers)?;
        if !self.contains(peer) {
            return Some(peer);
        }
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(','))
            .collect();
        let mut client = peer;
        for hop in forwarded.iter().rev() {
            // What is left of an unreadable entry cannot be trusted: the entry to its right counts as the client.
            let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
            client = hop;
            if !self.contains(hop) {
                break;
            }
        }
        Some(client)
    }

    /// Whether a trusted proxy sent this, or another component of this application: Spin gives a call that it leads from
    /// one component to another the unspecified address, which no connection has.
    #[must_use]
    pub fn is_sender_of(&self, headers: &HeaderMap) -> bool {
        peer(headers).is_some_and(|peer| peer.is_unspecified() || self.contains(peer))
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address.to_canonical()))
    }
}

/// Who is at the other end of the connection, as the host says.
fn peer(headers: &HeaderMap) -> Option<IpAddr> {
    let peer = headers.get_all("spin-client-addr").iter().next_back()?.to_str().ok()?;
    peer.parse::<SocketAddr>().map(|addr| addr.ip()).or_else(|_| peer.parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_believed_from_proxies_and_from_the_own_application() {
        let check = |proxies: &str, peer: &str, expected| {
            let mut headers = HeaderMap::new();
            headers.append("spin-client-addr", "10.0.0.7:1".parse().unwrap());
            headers.append("spin-client-addr", peer.parse().unwrap());
            assert_eq!(TrustedProxies::parse(proxies).unwrap().is_sender_of(&headers), expected, "{peer}");
        };
        check("10.0.0.0/8", "10.0.0.7:4000", true);
        check("10.0.0.0/8", "9.9.9.9:4000", false);
        check("", "127.0.0.1:4000", false);
        check("", "0.0.0.0:0", true);
    }

    fn check(proxies: &str, peers: &[&str], forwarded: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for peer in peers {
            headers.append("spin-client-addr", peer.parse().unwrap());
        }
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let client = TrustedProxies::parse(proxies).unwrap().client(&headers);
        assert_eq!(client, expected.map(|address| address.parse().unwrap()), "{peers:?} {forwarded:?}");
    }

    #[test]
    fn only_the_last_spin_client_addr_counts() {
        check("", &["9.9.9.9:1", "127.0.0.1:41126"], &[], Some("127.0.0.1"));
        check("", &["[2001:db8::1]:80"], &[], Some("2001:db8::1"));
        check("", &[], &["1.2.3.4"], None);
    }

    #[test]
    fn forwarded_for_counts_from_trusted_proxies_only_and_is_read_from_the_right() {
        check("", &["10.0.0.1:5"], &["1.2.3.4"], Some("10.0.0.1"));
        check("10.0.0.0/8", &["10.0.0.1:5"], &["6.6.6.6, 1.2.3.4"], Some("1.2.3.4"));
        check("10.0.0.0/8", &["10.0.0.1:5"], &["6.6.6.6, 1.2.3.4, 10.0.0.2"], Some("1.2.3.4"));
        check("10.0.0.0/8", &["10.0.0.1:5"], &["6.6.6.6", "1.2.3.4"], Some("1.2.3.4"));
        check("10.0.0.0/8", &["10.0.0.1:5"], &["garbage"], Some("10.0.0.1"));
        check("10.0.0.1", &["10.0.0.1:5"], &[], Some("10.0.0.1"));
    }

    #[test]
    fn a_proxy_that_is_no_address_is_named() {
        assert_eq!(TrustedProxies::parse("10.0.0.0/8, gateway").unwrap_err(), "gateway");
    }
}
