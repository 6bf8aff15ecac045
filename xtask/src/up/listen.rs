//! The address that `up` listens on.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};

use anyhow::{Context as _, Result};

/// # Errors
/// When xtask cannot listen there, with what to do.
pub(super) fn check(listen: SocketAddr) -> Result<()> {
    match TcpListener::bind(listen) {
        Ok(_) => Ok(()),
        Err(error) => Err(error).with_context(|| busy(listen)),
    }
}

fn busy(listen: SocketAddr) -> String {
    let other = listen.port().checked_add(1).unwrap_or(3000);
    match TcpListener::bind(listen).map_err(|error| error.kind()) {
        Err(ErrorKind::AddrInUse) => format!(
            "port {} is taken by another program: stop that one, or choose another port with `--listen {}:{other}`",
            listen.port(),
            listen.ip()
        ),
        Err(ErrorKind::PermissionDenied) => {
            format!(
                "this user may not listen on port {}: choose one above 1023 with `--listen`",
                listen.port()
            )
        }
        _ => format!("cannot listen on {listen}: name an address of this machine with `--listen`"),
    }
}

/// Reads `ADDRESS:PORT`, where the address may be a name.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text
        .to_socket_addrs()
        .map_err(|error| format!("{error}; write ADDRESS:PORT, e.g. 127.0.0.1:3000"))?;
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(|| "no such address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_a_free_neighbour() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = format!("{:#}", check(taken.local_addr().unwrap()).unwrap_err());
        assert!(
            error.contains("is taken by another program") && error.contains("--listen 127.0.0.1:"),
            "{error}"
        );
    }

    #[test]
    fn an_address_that_is_not_ours_is_refused_with_the_option_to_use() {
        let error = format!("{:#}", check("192.0.2.1:3000".parse().unwrap()).unwrap_err());
        assert!(error.contains("--listen"), "{error}");
    }

    #[test]
    fn addresses_are_numbers_or_names() {
        assert_eq!(address("127.0.0.1:3000").unwrap().to_string(), "127.0.0.1:3000");
        assert_eq!(address("localhost:3000").unwrap().port(), 3000);
        assert!(address("3000").unwrap_err().contains("ADDRESS:PORT"));
    }
}
