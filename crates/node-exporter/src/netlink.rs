//! Questions to the kernel over a netlink socket, answered at once: the kernel queues the first part of the answer while
//! it takes the question.

use std::io;
use std::time::Duration;

use kernel_stats::netlink::{End, end};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

/// The kernel sends parts of this size at most.
const PART_ROOM: usize = 32 * 1024;
/// Only a kernel that lost a part would let us wait.
const PATIENCE: Duration = Duration::from_secs(2);

const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;
/// `NETLINK_ROUTE` is protocol number 0.
const ROUTE: Option<Protocol> = None;
/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;

/// A kind of message of rtnetlink that asks for everything of its kind, and the length of the fixed header behind it,
/// where zeros mean all. Source: include/uapi/linux/rtnetlink.h.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dump {
    /// Network interfaces, for [`kernel_stats::rtnl_link`].
    Links,
}

impl Dump {
    const fn question(self) -> (u16, usize) {
        match self {
            // `struct ifinfomsg`
            Self::Links => (18, 16),
        }
    }
}

/// Puts all that rtnetlink tells of one kind into `answer`.
///
/// # Errors
/// What the kernel said, as when address families are restricted.
pub(crate) fn dump(what: Dump, answer: &mut Vec<u8>) -> io::Result<()> {
    let (kind, body) = what.question();
    dump_from(ROUTE, kind, &[0; 16][..body], answer)
}

/// Puts all messages of the answer to a dump of `kind` into `answer`; `body` is what the protocol wants behind netlink's
/// header.
///
/// # Errors
/// What the kernel said.
pub(crate) fn dump_from(protocol: Option<Protocol>, kind: u16, body: &[u8], answer: &mut Vec<u8>) -> io::Result<()> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
    send(&socket, &question(kind, body), SendFlags::empty())?;
    answer.clear();
    loop {
        let start = answer.len();
        answer.reserve(PART_ROOM);
        recv(&socket, rustix::buffer::spare_capacity(answer), RecvFlags::empty())?;
        let part = answer.get(start..).unwrap_or_default();
        match end(part).map_err(io::Error::other)? {
            End::More if part.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            End::More => {}
            End::Done => return Ok(()),
            End::Refused(errno) => return Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

fn question(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = (HEADER + body.len()) as u32;
    let flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut question = Vec::with_capacity(HEADER + body.len());
    question.extend(length.to_ne_bytes());
    question.extend(kind.to_ne_bytes());
    question.extend(flags.to_ne_bytes());
    // Sequence number and port: there is one question, and the kernel knows the socket.
    question.extend([0; 8]);
    question.extend(body);
    question
}
