//! Questions to the kernel over a netlink socket, answered at once: the kernel queues the first part of the answer while
//! it takes the question.

use std::io;
use std::time::Duration;

use kernel_stats::rtnl_link::{self, End};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

/// The kernel sends parts of this size at most.
const PART_ROOM: usize = 32 * 1024;
/// Only a kernel that lost a part would let us wait.
const PATIENCE: Duration = Duration::from_secs(2);

const RTM_GETLINK: u16 = 18;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;

/// Puts all that the kernel tells of network interfaces into `answer`, for [`rtnl_link::parse`].
///
/// # Errors
/// What the kernel said, as when address families are restricted.
pub(crate) fn dump_links(answer: &mut Vec<u8>) -> io::Result<()> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
    send(&socket, &link_question(), SendFlags::empty())?;
    answer.clear();
    loop {
        let start = answer.len();
        answer.reserve(PART_ROOM);
        recv(&socket, rustix::buffer::spare_capacity(answer), RecvFlags::empty())?;
        let part = answer.get(start..).unwrap_or_default();
        match rtnl_link::end(part).map_err(io::Error::other)? {
            End::More if part.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            End::More => {}
            End::Done => return Ok(()),
            End::Refused(errno) => return Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

/// `struct nlmsghdr` and an empty `struct ifinfomsg`.
fn link_question() -> [u8; 32] {
    let mut question = [0; 32];
    question[..4].copy_from_slice(&32_u32.to_ne_bytes());
    question[4..6].copy_from_slice(&RTM_GETLINK.to_ne_bytes());
    question[6..8].copy_from_slice(&(NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    question
}
