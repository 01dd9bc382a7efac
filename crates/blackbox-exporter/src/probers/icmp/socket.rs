//! A socket that pings one target. Sockets for pings (`SOCK_DGRAM`, Linux 3.0 and later) need no right but a group in
//! net.ipv4.ping_group_range; sockets for all of ICMP (`SOCK_RAW`) need CAP_NET_RAW.

use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use rustix::net::sockopt::{Ipv4PathMtuDiscovery, set_ip_mtu_discover};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::refusal::Refusal;
use crate::failure::{Failure, Reason, Step};

/// Errors that come as ICMP and ICMPv6 messages, in `ee_origin` of linux/errqueue.h.
const ORIGIN_ICMP: u8 = 2;
const ORIGIN_ICMP6: u8 = 3;

/// How to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// Where to.
    pub(super) target: IpAddr,
    /// Where from.
    pub(super) source: IpAddr,
    /// Hops that the packet may take; 0: as many as the system likes.
    pub(super) ttl: u32,
    /// Whether IPv4 routers must not cut the packet.
    pub(super) dont_fragment: bool,
}

/// The socket.
#[derive(Debug)]
pub(super) struct PingSocket {
    /// Not UDP, but the reactor knows no other sockets that are connected and have datagrams.
    socket: UdpSocket,
    /// Whether it gets all of ICMP, and not only the replies to its own requests.
    pub(super) raw: bool,
}

/// Something that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Bytes of the packet; of a refusal: of the request that was refused.
    pub(super) length: usize,
    /// Hops that it might still have taken, where the system tells.
    pub(super) hop_limit: Option<u8>,
    /// It is no reply, but this.
    pub(super) refusal: Option<Refusal>,
}

/// The kernel's messages beside a packet, where it may write them.
#[repr(align(8))]
struct Control([u8; 256]);

impl PingSocket {
    /// Opens one, of the kind that may be opened.
    pub(super) fn open(options: &Options) -> Result<Self, Failure> {
        let (socket, raw) = open(options.target)?;
        let failed = |error: io::Error| Failure::io(Step::Connect, &error, "preparing the socket");
        set_up(&socket, options).map_err(failed)?;
        socket
            .bind(&SocketAddr::new(options.source, 0).into())
            .map_err(|error| {
                let text = format!("sending from {}", options.source);
                Failure::io(Step::Connect, &error, &text)
            })?;
        // From now on it hears only this target, and refusals of what it sent there.
        socket
            .connect(&SocketAddr::new(options.target, 0).into())
            .map_err(|error| {
                let text = format!("finding a way to {}", options.target);
                Failure::io(Step::Connect, &error, &text)
            })?;
        let socket = UdpSocket::from_std(socket.into()).map_err(failed)?;
        Ok(Self { socket, raw })
    }

    /// Waits until a packet can be sent at once, so that the wait is no part of its round trip.
    pub(super) async fn writable(&self) -> io::Result<()> {
        self.socket.writable().await
    }

    /// Sends a packet.
    pub(super) fn send(&self, packet: &[u8]) -> io::Result<()> {
        self.socket.try_send(packet).map(drop)
    }

    /// The next thing that comes.
    pub(super) async fn receive(&self, buffer: &mut [u8]) -> io::Result<Arrival> {
        loop {
            let ready = self.socket.ready(Interest::READABLE | Interest::ERROR).await?;
            // Asked for both at once, `try_io` would do nothing.
            let interest = if ready.is_error() {
                Interest::ERROR
            } else {
                Interest::READABLE
            };
            match self.socket.try_io(interest, || read(&self.socket, buffer)) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                arrival => return arrival,
            }
        }
    }
}

fn open(target: IpAddr) -> Result<(Socket, bool), Failure> {
    let (domain, protocol) = match target {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    if let Ok(socket) = Socket::new(domain, Type::DGRAM, Some(protocol)) {
        return Ok((socket, false));
    }
    match Socket::new(domain, Type::RAW, Some(protocol)) {
        Ok(socket) => Ok((socket, true)),
        Err(error) => Err(refused(&error)),
    }
}

fn refused(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            let text = "this program may not ping: it needs a group in the range of net.ipv4.ping_group_range, \
                        or the capability CAP_NET_RAW";
            Failure::new(Step::Connect, Reason::Permission, text)
        }
        _ if error.raw_os_error() == Some(nix::libc::EAFNOSUPPORT) => {
            let text = format!("this host does not speak the target's version of IP: {error}");
            Failure::new(Step::Connect, Reason::Unreachable, text)
        }
        _ => Failure::io(Step::Connect, error, "opening a socket for ICMP"),
    }
}

fn set_up(socket: &Socket, options: &Options) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    // Or the system says that a right is missing; replies of others are not heard anyway.
    socket.set_broadcast(true)?;
    match options.target {
        IpAddr::V4(_) => {
            setsockopt(socket, sockopt::Ipv4RecvErr, &true)?;
            setsockopt(socket, sockopt::Ipv4RecvTtl, &true)?;
            if options.ttl > 0 {
                socket.set_ttl_v4(options.ttl)?;
            }
            if options.dont_fragment {
                // Not DO, which would cut what is larger than earlier packets to this target were allowed to be.
                set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::PROBE)?;
            }
        }
        IpAddr::V6(_) => {
            setsockopt(socket, sockopt::Ipv6RecvErr, &true)?;
            setsockopt(socket, sockopt::Ipv6RecvHopLimit, &true)?;
            if options.ttl > 0 {
                socket.set_unicast_hops_v6(options.ttl)?;
            }
        }
    }
    Ok(())
}

/// A packet, or a refusal, or that there is neither.
fn read(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Arrival> {
    match read_queue(socket, buffer, MsgFlags::empty()) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => {
            // The error belongs to a refusal, whose details wait in the other queue.
            match read_queue(socket, buffer, MsgFlags::MSG_ERRQUEUE) {
                Ok(arrival) => Ok(arrival),
                Err(none) if none.kind() == ErrorKind::WouldBlock => Err(error),
                Err(other) => Err(other),
            }
        }
        Err(_) => read_queue(socket, buffer, MsgFlags::MSG_ERRQUEUE),
        arrival => arrival,
    }
}

fn read_queue(socket: &UdpSocket, buffer: &mut [u8], flags: MsgFlags) -> io::Result<Arrival> {
    let mut control = Control([0; 256]);
    let mut parts = [IoSliceMut::new(buffer)];
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control.0), flags)?;
    let mut arrival = Arrival {
        length: message.bytes,
        hop_limit: None,
        refusal: None,
    };
    for beside in message.cmsgs()? {
        match beside {
            ControlMessageOwned::Ipv4Ttl(hops) | ControlMessageOwned::Ipv6HopLimit(hops) => {
                arrival.hop_limit = u8::try_from(hops).ok();
            }
            ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                if !matches!(error.ee_origin, ORIGIN_ICMP | ORIGIN_ICMP6) {
                    return Err(io::Error::from_raw_os_error(error.ee_errno.cast_signed()));
                }
                arrival.refusal = Some(Refusal {
                    v6: error.ee_origin == ORIGIN_ICMP6,
                    kind: error.ee_type,
                    code: error.ee_code,
                });
            }
            _ => {}
        }
    }
    Ok(arrival)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_is_named() {
        for errno in [nix::libc::EPERM, nix::libc::EACCES] {
            let failure = refused(&io::Error::from_raw_os_error(errno));
            assert_eq!((failure.step, failure.reason), (Step::Connect, Reason::Permission));
            for right in ["CAP_NET_RAW", "net.ipv4.ping_group_range"] {
                assert!(failure.text.contains(right), "{}", failure.text);
            }
        }
        let failure = refused(&io::Error::from_raw_os_error(nix::libc::EAFNOSUPPORT));
        assert_eq!((failure.step, failure.reason), (Step::Connect, Reason::Unreachable));
    }
}
