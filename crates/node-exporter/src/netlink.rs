//! Questions to the kernel over a netlink socket, answered at once: the kernel queues the first part of the answer while
//! it takes the question.

pub(crate) mod table;

use std::io;
use std::time::Duration;

use exporter_toolkit::collector::CollectError;
use kernel_stats::netlink::{End, end, is_interrupted};
use kernel_stats::{ParseError, genl_family};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

/// The kernel sends parts of this size at most.
const PART_ROOM: usize = 32 * 1024;
/// Only a kernel that lost a part would let us wait.
const PATIENCE: Duration = Duration::from_secs(2);

const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_DUMP: u16 = 0x300;
/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;

/// What generic netlink calls its own family, the question for another's number, and the name in it.
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Puts all messages of the answer to a dump of `kind` into `answer`; `body` is what the protocol wants behind netlink's
/// header.
///
/// # Errors
/// What the kernel said.
pub(crate) fn dump_from(protocol: Option<Protocol>, kind: u16, body: &[u8], answer: &mut Vec<u8>) -> io::Result<()> {
    dump_whole(&open(protocol)?, &question(kind, NLM_F_DUMP, body), answer)
}

/// Puts all messages of the answer to a `question` for a dump into `answer`.
///
/// An answer that changes interrupted is asked for once more. If that one is interrupted too, it is taken: each thing in
/// it is whole, only one that came or went meanwhile may be missing or be there twice, and where things always come and
/// go, asking again would have no end.
///
/// # Errors
/// What the kernel said.
fn dump_whole(socket: &OwnedFd, question: &[u8], answer: &mut Vec<u8>) -> io::Result<()> {
    exchange(socket, question, answer)?;
    if is_interrupted(answer) {
        exchange(socket, question, answer)?;
    }
    Ok(())
}

/// Shows the answer to a dump of `kind` part by part to `each`, in a `buffer` that is used again, for answers that may be
/// long.
///
/// # Errors
/// What the kernel or `each` said.
pub(crate) fn dump_parts(
    protocol: Option<Protocol>,
    kind: u16,
    body: &[u8],
    buffer: &mut Vec<u8>,
    mut each: impl FnMut(&[u8]) -> Result<(), ParseError>,
) -> io::Result<()> {
    let socket = open(protocol)?;
    ask(&socket, &question(kind, NLM_F_DUMP, body))?;
    loop {
        buffer.clear();
        let is_last = receive(&socket, buffer)?;
        each(buffer).map_err(io::Error::other)?;
        if is_last {
            return Ok(());
        }
    }
}

/// The number of generic netlink's family `name`.
///
/// # Errors
/// What the kernel said; `NotFound` if it has no such family.
pub(crate) fn family(name: &str, answer: &mut Vec<u8>) -> io::Result<u16> {
    let name = attribute(CTRL_ATTR_FAMILY_NAME, &[name.as_bytes(), &[0]].concat());
    let body = generic(CTRL_CMD_GETFAMILY, &name);
    // Without an acknowledgement, nothing would tell the end of the answer.
    let question = question(GENL_ID_CTRL, NLM_F_ACK, &body);
    exchange(&open(Some(netlink::GENERIC))?, &question, answer)?;
    let number = genl_family::parse(answer).map_err(io::Error::other)?;
    number.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// A question of a family of generic netlink: its command, with which a `struct genlmsghdr` begins, and attributes.
pub(crate) fn generic(command: u8, attributes: &[u8]) -> Vec<u8> {
    [&[command, 1, 0, 0][..], attributes].concat()
}

/// An attribute of a question.
pub(crate) fn attribute(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = (4 + body.len()) as u16;
    let mut bytes = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), body].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The error of a collector that netlink does not answer. What this kernel lacks or keeps from us is no data.
pub(crate) fn failed(asking: &str, error: &io::Error) -> CollectError {
    const LACKING: [Errno; 6] = [
        Errno::ACCESS,
        Errno::AFNOSUPPORT,
        Errno::NOENT,
        Errno::OPNOTSUPP,
        Errno::PERM,
        Errno::PROTONOSUPPORT,
    ];
    let text = format!("asking netlink for {asking}: {error}");
    if Errno::from_io_error(error).is_some_and(|errno| LACKING.contains(&errno)) {
        CollectError::NoData(text.into())
    } else {
        CollectError::failed(text)
    }
}

fn open(protocol: Option<Protocol>) -> io::Result<OwnedFd> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
    Ok(socket)
}

fn exchange(socket: &OwnedFd, question: &[u8], answer: &mut Vec<u8>) -> io::Result<()> {
    ask(socket, question)?;
    answer.clear();
    while !receive(socket, answer)? {}
    Ok(())
}

fn ask(socket: &OwnedFd, question: &[u8]) -> io::Result<()> {
    send(socket, question, SendFlags::empty())?;
    Ok(())
}

/// Appends one part of the answer to `buffer` and tells whether it is the last.
fn receive(socket: &OwnedFd, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let start = buffer.len();
    buffer.reserve(PART_ROOM);
    recv(socket, rustix::buffer::spare_capacity(buffer), RecvFlags::empty())?;
    let part = buffer.get(start..).unwrap_or_default();
    match end(part).map_err(io::Error::other)? {
        End::More if part.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
        End::More => Ok(false),
        End::Done => Ok(true),
        End::Refused(errno) => Err(io::Error::from_raw_os_error(errno)),
    }
}

fn question(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let length = (HEADER + body.len()) as u32;
    let flags = NLM_F_REQUEST | flags;
    let mut question = Vec::with_capacity(HEADER + body.len());
    question.extend(length.to_ne_bytes());
    question.extend(kind.to_ne_bytes());
    question.extend(flags.to_ne_bytes());
    // Sequence number and port: there is one question at a time, and the kernel knows the socket.
    question.extend([0; 8]);
    question.extend(body);
    question
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_lacks_is_no_data_and_all_else_a_failure() {
        for (errno, lacking) in [
            (Errno::AFNOSUPPORT, true),
            (Errno::NOENT, true),
            (Errno::PERM, true),
            (Errno::NOBUFS, false),
        ] {
            let error = failed("routes", &errno.into());
            assert_eq!(matches!(error, CollectError::NoData(_)), lacking, "{error}");
            assert!(error.to_string().contains("asking netlink for routes: "), "{error}");
        }
    }

    #[test]
    fn attributes_are_padded_and_tell_their_own_length() {
        let bytes = attribute(2, b"abcde");
        assert_eq!(bytes.len(), 12);
        assert_eq!(bytes[..2], 9_u16.to_ne_bytes());
    }
}
