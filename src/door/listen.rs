//! Opening a port. When that fails, the error says which address and what to change.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel holds until we accept them: enough for a burst, since a full queue makes good clients
/// wait a second for their next attempt.
const BACKLOG: i32 = 1_024;

/// Why a door cannot be opened, in a sentence with the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannotListen(String);

impl fmt::Display for CannotListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CannotListen {}

/// Opens the port that the config key `key` (such as `http.listen`) names.
pub fn listen(key: &str, address: &str) -> Result<TcpListener, CannotListen> {
    let parsed: SocketAddr = address.parse().map_err(|_| {
        CannotListen(format!("{key} must be an address and port such as 127.0.0.1:8080, not {address:?}."))
    })?;
    open(parsed).map_err(|error| CannotListen(sentence(key, parsed, &error)))
}

/// Accepted sockets inherit "no delay" from the listener: without it an answer of two parts waits 40 ms for the
/// client's delayed ACK.
fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn sentence(key: &str, address: SocketAddr, error: &io::Error) -> String {
    let variable = format!("INNKEEPER_{}", key.replace('.', "__").to_uppercase());
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "{address} is already in use: stop the program that listens there, or set {key} (or {variable}) to another \
             port."
        ),
        ErrorKind::PermissionDenied => format!(
            "{address} is not ours to open: ports below 1024 are for administrators. Set {key} (or {variable}) to a \
             higher port."
        ),
        ErrorKind::AddrNotAvailable => {
            format!("This computer has no address {}: set {key} (or {variable}) to one that it has.", address.ip())
        }
        _ => format!("{address} cannot be opened ({error}): set {key} (or {variable}) to another address or port."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_says_where_and_what_to_change() {
        let first = listen("http.listen", "127.0.0.1:0").unwrap();
        let address = first.local_addr().unwrap().to_string();
        let words = listen("http.listen", &address).unwrap_err().to_string();
        assert!(words.contains(&address) && words.contains("already in use"), "{words}");
        assert!(words.contains("http.listen") && words.contains("INNKEEPER_HTTP__LISTEN"), "{words}");
    }

    #[test]
    fn what_is_no_address_and_what_is_elsewhere_is_said() {
        assert!(listen("lamp.listen", "8081").unwrap_err().to_string().starts_with("lamp.listen must be an address"));
        let words = listen("lamp.listen", "192.0.2.1:0").unwrap_err().to_string();
        assert!(words.contains("no address 192.0.2.1"), "{words}");
    }
}
