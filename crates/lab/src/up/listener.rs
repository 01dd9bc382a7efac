//! Tells whether an address is free to listen on and, where /proc shows it, which program holds it.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::Path,
    time::Duration,
};

use anyhow::{Error, Result, anyhow};
use tokio::{net::TcpStream, time::sleep};

use super::service::Service;

/// Between two looks whether somebody listens.
const PAUSE: Duration = Duration::from_millis(50);

/// Comes back when somebody takes connections at this address. The caller sets the deadline.
pub(crate) async fn until_taken(address: SocketAddr) {
    while TcpStream::connect(address).await.is_err() {
        sleep(PAUSE).await;
    }
}

/// # Errors
/// The service's address is taken, or is not this machine's; the text says by whom and what to do.
pub(crate) fn check_free(service: &Service) -> Result<()> {
    bind(service.name, service.listen, &service.listen_flag).map(drop)
}

/// # Errors
/// The address is taken, or is not this machine's; the text says by whom and what to do.
pub(crate) fn bind(name: &str, listen: SocketAddr, listen_flag: &str) -> Result<TcpListener> {
    TcpListener::bind(listen).map_err(|error| explain(name, listen, listen_flag, &error))
}

/// Why an address cannot be had, and what to do.
pub(crate) fn explain(name: &str, listen: SocketAddr, listen_flag: &str, error: &io::Error) -> Error {
    if error.kind() != io::ErrorKind::AddrInUse {
        return anyhow!("{name} cannot listen on {listen}: {error}; give another address with {listen_flag}");
    }
    let holder = holder(listen.port()).map_or_else(
        || "another program (of another user or container)".to_owned(),
        |holder| format!("{} (pid {})", holder.program, holder.pid),
    );
    anyhow!(
        "port {} for {name} is taken by {holder}: stop it, or give another address with {listen_flag}",
        listen.port()
    )
}

#[derive(Debug, PartialEq)]
struct Holder {
    pid: u32,
    program: String,
}

/// The process that listens on a TCP port. `None` when it is not visible from here.
fn holder(port: u16) -> Option<Holder> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .collect();
    let pids = fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let pid = pids
        .into_iter()
        .find(|pid| inodes.iter().any(|inode| has_socket(*pid, inode)))?;
    let program = fs::read_to_string(format!("/proc/{pid}/comm"))
        .ok()?
        .trim_end()
        .to_owned();
    Some(Holder { pid, program })
}

/// Inodes of the sockets that listen on `port`, from /proc/net/tcp or tcp6:
/// ```text
///   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
///    0: 0100007F:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21423 1 …
/// ```
fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == LISTEN;
            listens.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
        })
        .collect()
}

fn has_socket(pid: u32, inode: &str) -> bool {
    let wanted = format!("socket:[{inode}]");
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    descriptors
        .flatten()
        .any(|fd| fs::read_link(fd.path()).is_ok_and(|target| target == Path::new(&wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:238C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21423 1 0
   1: 0100007F:238C 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 21500 1 0
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0
   3: 00000000:0016 cut";

    #[test]
    fn only_listening_sockets_on_the_port_count() {
        assert_eq!(listening_inodes(TABLE, 9100), ["21423"]);
        assert_eq!(listening_inodes(TABLE, 22), ["11"]);
        assert_eq!(listening_inodes(TABLE, 9090), [""; 0]);
    }

    #[test]
    fn the_holder_of_a_port_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        assert_eq!(holder(port).map(|holder| holder.pid), Some(std::process::id()));
    }
}
