//! Remote procedure calls of the NFS client and server since boot, from /proc/net/rpc/{nfs,nfsd}. A line is a keyword and
//! its numbers; lines of procedures say how many follow, which grew over time, and have the calls of each.
//!
//! ```text
//! net 80 81 82 83
//! rpc 91000 92 93
//! proc3 22 0 4567 12 985 1203 7 0 41 3 1 0 0 2 0 0 0 12 9 6 4 2 0
//! ```

use crate::ParseError;
use crate::fields::{Fields, Line, lines};

const SHAPE: &str = "a keyword and its numbers";
const PROCEDURES: &str = "as many numbers as the first one says";

/// Packets and connections of one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Net {
    /// Packets over UDP. Source: second number of `net`.
    pub udp: u64,
    /// Packets over TCP. Source: third number of `net`.
    pub tcp: u64,
    /// Connections over TCP. Source: fourth number of `net`.
    pub tcp_connections: u64,
}

/// What the client did. Lines that the kernel does not write are zeros and empty lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// Packets and connections.
    pub net: Net,
    /// Calls of any procedure. Source: first number of `rpc`.
    pub calls: u64,
    /// Calls that were sent again. Source: second number of `rpc`.
    pub retransmissions: u64,
    /// Refreshes of credentials. Source: third number of `rpc`.
    pub authentication_refreshes: u64,
    /// Calls of each procedure of version 2, in the protocol's order. Source: `proc2`.
    pub v2: Vec<u64>,
    /// Calls of each procedure of version 3, in the protocol's order. Source: `proc3`.
    pub v3: Vec<u64>,
    /// Calls of each operation of version 4, in the order of the kernel's `NFSPROC4_CLNT_…`. Source: `proc4`.
    pub v4: Vec<u64>,
}

/// What the server did. Lines that the kernel does not write are zeros and empty lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Requests that the reply cache answered. Source: first number of `rc`.
    pub reply_cache_hits: u64,
    /// Requests that the reply cache had to remember. Source: second number of `rc`.
    pub reply_cache_misses: u64,
    /// Requests that need no reply cache. Source: third number of `rc`.
    pub reply_cache_nocache: u64,
    /// File handles that were stale. Source: first number of `fh`.
    pub stale_file_handles: u64,
    /// Bytes read from files. Source: first number of `io`.
    pub bytes_read: u64,
    /// Bytes written to files. Source: second number of `io`.
    pub bytes_written: u64,
    /// Threads of the server now. Source: first number of `th`.
    pub threads: u64,
    /// Size of the read-ahead cache. Source: first number of `ra`; 0 since Linux 5.4, which has none.
    pub read_ahead_size: u64,
    /// Reads that the read-ahead cache could not help. Source: twelfth number of `ra`; 0 since Linux 5.4.
    pub read_ahead_not_found: u64,
    /// Packets and connections.
    pub net: Net,
    /// Calls that were well formed. Source: first number of `rpc`.
    pub calls: u64,
    /// Calls of a bad format. Source: third number of `rpc`.
    pub bad_format: u64,
    /// Calls with bad credentials. Source: fourth number of `rpc`.
    pub bad_authentication: u64,
    /// Calls from a client that may not. Source: fifth number of `rpc`; 0 on current kernels.
    pub bad_client: u64,
    /// Calls of each procedure of version 2, in the protocol's order. Source: `proc2`, which needs `CONFIG_NFSD_V2`
    /// since Linux 6.2.
    pub v2: Vec<u64>,
    /// Calls of each procedure of version 3, in the protocol's order. Source: `proc3`.
    pub v3: Vec<u64>,
    /// Calls of each operation of version 4, in the protocol's order, whose first three do not exist. Source:
    /// `proc4ops`.
    pub v4_operations: Vec<u64>,
    /// Times that a client which holds a write delegation was asked for attributes. Source: `wdeleg_getattr`, since
    /// Linux 6.6.
    pub write_delegation_getattr: u64,
}

/// Parses /proc/net/rpc/nfs. Lines with other keywords are passed over; an empty file gives zeros.
///
/// # Errors
/// When a line has too few numbers or anything but numbers.
pub fn parse_client(bytes: &[u8]) -> Result<Client, ParseError> {
    let mut client = Client::default();
    for line in lines(bytes) {
        let mut fields = line.fields(SHAPE);
        match fields.word()? {
            b"net" => client.net = net(fields)?,
            b"rpc" => [client.calls, client.retransmissions, client.authentication_refreshes] = fields.numbers()?,
            b"proc2" => client.v2 = procedures(line)?,
            b"proc3" => client.v3 = procedures(line)?,
            b"proc4" => client.v4 = procedures(line)?,
            _ => {}
        }
    }
    Ok(client)
}

/// Parses /proc/net/rpc/nfsd. Lines with other keywords are passed over; an empty file gives zeros.
///
/// # Errors
/// When a line has too few numbers or anything but numbers.
pub fn parse_server(bytes: &[u8]) -> Result<Server, ParseError> {
    let mut server = Server::default();
    for line in lines(bytes) {
        let mut fields = line.fields(SHAPE);
        match fields.word()? {
            b"rc" => {
                [
                    server.reply_cache_hits,
                    server.reply_cache_misses,
                    server.reply_cache_nocache,
                ] = fields.numbers()?;
            }
            b"fh" => server.stale_file_handles = fields.number()?,
            b"io" => [server.bytes_read, server.bytes_written] = fields.numbers()?,
            b"th" => server.threads = fields.number()?,
            b"ra" => {
                let [size, .., not_found] = fields.numbers::<12>()?;
                (server.read_ahead_size, server.read_ahead_not_found) = (size, not_found);
            }
            b"net" => server.net = net(fields)?,
            b"rpc" => {
                let [calls, _, format, authentication, client] = fields.numbers()?;
                (server.calls, server.bad_format) = (calls, format);
                (server.bad_authentication, server.bad_client) = (authentication, client);
            }
            b"proc2" => server.v2 = procedures(line)?,
            b"proc3" => server.v3 = procedures(line)?,
            b"proc4ops" => server.v4_operations = procedures(line)?,
            b"wdeleg_getattr" => server.write_delegation_getattr = fields.number()?,
            _ => {}
        }
    }
    Ok(server)
}

fn net(mut fields: Fields<'_>) -> Result<Net, ParseError> {
    let [_, udp, tcp, tcp_connections] = fields.numbers()?;
    Ok(Net {
        udp,
        tcp,
        tcp_connections,
    })
}

fn procedures(line: Line<'_>) -> Result<Vec<u64>, ParseError> {
    let mut fields = line.fields(PROCEDURES);
    fields.word()?;
    let count = fields.number()?;
    let mut calls = Vec::new();
    while let Some(number) = fields.optional_number()? {
        calls.push(number);
    }
    match calls.len() as u64 == count {
        true => Ok(calls),
        false => Err(line.error(PROCEDURES)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, Net, Server, parse_client, parse_server};

    #[test]
    fn the_client_has_calls_of_three_versions() {
        let expected = Client {
            net: Net {
                udp: 81,
                tcp: 82,
                tcp_connections: 83,
            },
            calls: 91_000,
            retransmissions: 92,
            authentication_refreshes: 93,
            v2: (201..=218).collect(),
            v3: (301..=322).collect(),
            v4: (401..=469).collect(),
        };
        assert_eq!(parse_client(include_bytes!("../fixtures/net_rpc_client")), Ok(expected));
        assert_eq!(parse_client(b""), Ok(Client::default()));
    }

    #[test]
    fn the_server_has_caches_threads_and_bytes_too() {
        let expected = Server {
            reply_cache_hits: 1,
            reply_cache_misses: 2,
            reply_cache_nocache: 3,
            stale_file_handles: 4,
            bytes_read: 9_000_000,
            bytes_written: 10,
            threads: 11,
            read_ahead_size: 32,
            read_ahead_not_found: 31,
            net: Net {
                udp: 42,
                tcp: 43,
                tcp_connections: 44,
            },
            calls: 51,
            bad_format: 53,
            bad_authentication: 54,
            bad_client: 55,
            v2: (201..=218).collect(),
            v3: (301..=322).collect(),
            v4_operations: (400..=475).collect(),
            write_delegation_getattr: 77,
        };
        assert_eq!(parse_server(include_bytes!("../fixtures/net_rpc_server")), Ok(expected));
        assert_eq!(parse_server(b""), Ok(Server::default()));
    }

    #[test]
    fn unknown_keywords_are_passed_over() {
        assert_eq!(parse_client(b"proc5 x\nrpc 1 0 0\n").map(|client| client.calls), Ok(1));
        assert_eq!(parse_server(b"later\nth 8 0\n").map(|server| server.threads), Ok(8));
    }

    #[test]
    fn malformed_lines_are_errors() {
        let cases = [
            ("net 1 2", "a keyword and its numbers", "net 1 2"),
            ("rpc 1 x 3", "a keyword and its numbers", "x"),
            ("proc3 3 1 2", "as many numbers as the first one says", "proc3 3 1 2"),
            ("proc2 -1", "as many numbers as the first one says", "-1"),
        ];
        for (line, expected, found) in cases {
            let text = format!("line 1: expected {expected}, found {found:?}");
            assert_eq!(parse_client(line.as_bytes()).unwrap_err().to_string(), text);
            if line != "rpc 1 x 3" {
                assert_eq!(parse_server(line.as_bytes()).unwrap_err().to_string(), text);
            }
        }
    }
}
