//! Clients that are slow on purpose.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};

use crate::client::SCRAPE;
use crate::exporter::{Exporter, Held, assert_in_time};

/// More than the program takes at a time.
const WRITERS: usize = 600;

/// Fewer than the scrapes that the program takes at a time.
const READERS: usize = 20;

/// Enough answers to fill whatever the kernel keeps for a connection.
const PIPELINED: usize = 100;

const IN_TIME: Duration = Duration::from_secs(3);

const SECOND: Duration = Duration::from_secs(1);

/// The program's limit for headers, and some time on a busy machine.
const WRITERS_END_WITHIN: Duration = Duration::from_secs(10 + 5);

/// Twice the program's limit for an answer of which nobody takes more: the kernel may find some room after all.
const READERS_END_WITHIN: Duration = Duration::from_secs(2 * 30 + 5);

/// Once a second lets every client move, and scrapes beside them, until the program has ended them all. How long that
/// took, and the slowest scrape.
fn until_cut_off(
    exporter: &Exporter,
    before: &Held,
    clients: &mut [TcpStream],
    mut step: impl FnMut(&mut TcpStream) -> std::io::Result<()>,
    limit: Duration,
) -> (Duration, Duration) {
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    loop {
        let tick = Instant::now();
        // What is cut off cannot move on.
        for client in clients.iter_mut() {
            step(client).ok();
        }
        slowest = slowest.max(assert_in_time(exporter.ask(SCRAPE), IN_TIME));
        if exporter.held().descriptors.len() <= before.descriptors.len() {
            return (began.elapsed(), slowest);
        }
        assert!(
            began.elapsed() < limit,
            "not cut off after {limit:?}: {:?}",
            exporter.held()
        );
        std::thread::sleep(SECOND.saturating_sub(tick.elapsed()));
    }
}

#[test]
#[ignore = "slow: make test-faults"]
fn slow_writers_are_cut_off_and_keep_nobody_out() {
    let exporter = Exporter::start::<&str>([]);
    let before = exporter.at_rest();
    let mut clients = Vec::new();
    for _ in 0..WRITERS {
        let mut stream = TcpStream::connect(exporter.address()).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nX-Slow: ").unwrap();
        clients.push(stream);
    }
    let (took, slowest) = until_cut_off(
        &exporter,
        &before,
        &mut clients,
        |stream| stream.write_all(b"x"),
        WRITERS_END_WITHIN,
    );
    println!(
        "{WRITERS} writers of a byte a second: all cut off after {took:.1?}, the slowest scrape beside them {slowest:.2?}; {}",
        exporter.nothing_leaked(&before)
    );
}

/// A connection of which the kernel keeps as little as it can.
fn narrow(address: SocketAddr) -> TcpStream {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_recv_buffer_size(&socket, 1).unwrap();
    connect(&socket, &address).unwrap();
    socket.into()
}

#[test]
#[ignore = "slow: make test-faults"]
fn slow_readers_are_cut_off_and_hold_up_nobody() {
    let exporter = Exporter::start::<&str>([]);
    let before = exporter.at_rest();
    let mut clients = Vec::new();
    for _ in 0..READERS {
        let mut stream = narrow(exporter.address());
        stream.set_nonblocking(true).unwrap();
        match stream.write(SCRAPE.repeat(PIPELINED).as_bytes()) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("{error}"),
            _ => clients.push(stream),
        }
    }
    let (took, slowest) = until_cut_off(
        &exporter,
        &before,
        &mut clients,
        |stream| stream.read(&mut [0]).map(drop),
        READERS_END_WITHIN,
    );
    println!(
        "{READERS} readers of a byte a second: all cut off after {took:.1?}, the slowest scrape beside them {slowest:.2?}; {}",
        exporter.nothing_leaked(&before)
    );
}
