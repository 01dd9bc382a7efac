//! Sockets of TCP, or another protocol of the internet: the answer to a dump of `SOCK_DIAG_BY_FAMILY`, one message a
//! socket. All numbers but ports and addresses are in the host's byte order. Source: include/uapi/linux/inet_diag.h.

use crate::ParseError;
use crate::netlink::{error, messages, u32_at};

const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// `struct inet_diag_msg`, with which each message begins.
const SOCKET_HEADER: usize = 72;

/// One socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// A `TCP_…` of include/net/tcp_states.h: 1 is established. Source: `idiag_state`.
    pub state: u8,
    /// Bytes that came and were not read; connections to be accepted of a socket that listens. Source: `idiag_rqueue`.
    pub receive_queue: u32,
    /// Bytes sent and not acknowledged; most connections to be accepted of a socket that listens. Source: `idiag_wqueue`.
    pub send_queue: u32,
}

/// Parses a part of the answer, or all, in the kernel's order. Messages of other kinds are passed over.
///
/// # Errors
/// When the bytes are not whole messages.
pub fn parse(bytes: &[u8]) -> Result<Vec<Socket>, ParseError> {
    let mut sockets = Vec::new();
    for message in messages(bytes) {
        let message = message?;
        if message.kind == SOCK_DIAG_BY_FAMILY {
            let socket = socket(message.body);
            sockets.push(socket.ok_or_else(|| error("a socket's header", message.body))?);
        }
    }
    Ok(sockets)
}

fn socket(body: &[u8]) -> Option<Socket> {
    let header: &[u8; SOCKET_HEADER] = body.first_chunk()?;
    let [_, state, ..] = *header;
    Some(Socket {
        state,
        receive_queue: u32_at(header, 56)?,
        send_queue: u32_at(header, 60)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Socket, parse};
    use crate::netlink::testing::{attribute, message};

    #[test]
    fn sockets_have_a_state_and_two_queues() {
        let queues = [7_u32.to_ne_bytes(), 9_u32.to_ne_bytes(), [0xff; 4], [0xff; 4]].concat();
        let body = [&[10, 8, 0, 0][..], &[0xff; 52], &queues, &attribute(8, b"\x01")].concat();
        let bytes = [message(20, &body), message(3, &[0; 4])].concat();
        let expected = Socket {
            state: 8,
            receive_queue: 7,
            send_queue: 9,
        };
        assert_eq!(parse(&bytes), Ok(vec![expected]));
    }

    #[test]
    fn a_short_header_is_an_error() {
        let error = parse(&message(20, &[0; 71])).unwrap_err();
        assert!(error.to_string().starts_with("expected a socket's header"), "{error}");
    }

    /// The fixture's byte order is that of x86_64.
    #[test]
    #[cfg(target_endian = "little")]
    fn an_answer_of_a_kernel_is_read() {
        let bytes = include_bytes!("../fixtures/inet_diag");
        let found: Vec<_> = parse(bytes)
            .unwrap()
            .iter()
            .map(|socket| (socket.state, socket.receive_queue, socket.send_queue))
            .collect();
        assert_eq!(found, [(10, 0, 5), (10, 0, 5), (1, 0, 0)]);
    }
}
