//! The site's sockets: `localhost` is 127.0.0.1 to one client and ::1 to the next, so it listens on both.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::net::TcpListener;

/// Listens at `port` (0 for any) on every loopback address that this machine has. Returns the port.
///
/// # Errors
/// The port is taken, on either address: else `localhost` would be two sites.
pub(crate) async fn bind(port: u16) -> io::Result<(u16, Vec<TcpListener>)> {
    // A port that happens to be free on one address can be taken on the other; with `0`, another will do.
    let mut tries = if port == 0 { 20 } else { 1 };
    loop {
        tries -= 1;
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let chosen = v4.local_addr()?.port();
        match TcpListener::bind((Ipv6Addr::LOCALHOST, chosen)).await {
            Ok(v6) => return Ok((chosen, vec![v4, v6])),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            // No IPv6 here.
            Err(_) => return Ok((chosen, vec![v4])),
        }
    }
}
