//! For tests: a DNS server that answers by the first label of the name.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// Starts one, UDP and TCP on the same port. Gives its address and what it is asked.
pub(in crate::net) async fn serve() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let tcp = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(address).await.unwrap();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    tokio::spawn(over_udp(udp, Arc::clone(&asked)));
    tokio::spawn(over_tcp(tcp, Arc::clone(&asked)));
    (address, asked)
}

async fn over_udp(socket: UdpSocket, asked: Arc<Mutex<Vec<String>>>) {
    let mut buffer = [0; 2000];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        for answer in answers(&buffer[..length], false, &asked) {
            socket.send_to(&answer, from).await.unwrap();
        }
    }
}

async fn over_tcp(listener: TcpListener, asked: Arc<Mutex<Vec<String>>>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let length = stream.read_u16().await.unwrap();
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await.unwrap();
        for answer in answers(&question, true, &asked) {
            stream.write_u16(answer.len() as u16).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    }
}

fn answers(question: &[u8], tcp: bool, asked: &Mutex<Vec<String>>) -> Vec<Vec<u8>> {
    let mut labels = Vec::new();
    let mut at = 12;
    while question[at] != 0 {
        let next = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..next]).into_owned());
        at = next;
    }
    let (kind, end) = (question[at + 2], at + 5);
    let transport = if tcp { " tcp" } else { "" };
    asked
        .lock()
        .unwrap()
        .push(format!("{} {kind}{transport}", labels.join(".")));
    let v4 = |last: u8| IpAddr::from([127, 0, 0, last]);
    let v6: IpAddr = "::1".parse().unwrap();
    let good = |addresses: &[IpAddr]| message(&question[..end], 0x8180, kind, addresses);
    let code = |code: u16| message(&question[..end], 0x8180 | code, kind, &[]);
    match labels[0].as_str() {
        "v4" => vec![good(&[v4(1)])],
        "two" => vec![good(&[v4(5), v4(6)])],
        "v6" => vec![good(&[v6])],
        "both" => vec![good(&[v4(1), v6])],
        "none" => vec![good(&[])],
        "nx" => vec![code(3)],
        "servfail" => vec![code(2)],
        "refused" => vec![code(5)],
        "lame" => vec![message(&question[..end], 0x8000, kind, &[])],
        "large" if !tcp => vec![message(&question[..end], 0x8380, kind, &[])],
        "large" => vec![good(&[v4(9)])],
        "forged" => {
            let mut forged = good(&[v4(66)]);
            forged[0] ^= 1;
            let stranger = b"\x00\x01garbage".to_vec();
            vec![forged, stranger, good(&[v4(1)])]
        }
        "garbled" => {
            let mut garbled = good(&[v4(1)]);
            garbled.pop();
            vec![garbled]
        }
        _ => vec![],
    }
}

/// An answer with those of the addresses that were asked for.
fn message(question: &[u8], flags: u16, kind: u8, addresses: &[IpAddr]) -> Vec<u8> {
    let wanted = addresses.iter().filter(|address| (kind == 28) == address.is_ipv6());
    let records: Vec<Vec<u8>> = wanted
        .map(|address| match address {
            IpAddr::V4(v4) => [&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4][..], &v4.octets()].concat(),
            IpAddr::V6(v6) => [&[0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16][..], &v6.octets()].concat(),
        })
        .collect();
    let counts = [0, 1, 0, records.len() as u8, 0, 0, 0, 0];
    [
        &question[..2],
        &flags.to_be_bytes(),
        &counts,
        &question[12..],
        &records.concat(),
    ]
    .concat()
}
