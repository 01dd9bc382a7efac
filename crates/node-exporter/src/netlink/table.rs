//! The tables of rtnetlink, as [`Source`](crate::source::Source) is for files: one is read at each scrape, into memory that is
//! kept, over a socket that stays open.

use std::io;

use rustix::fd::OwnedFd;
use rustix::net::Protocol;
use rustix::net::netdevice::index_to_name;

use super::{NLM_F_DUMP, attribute, dump_whole, open, question};

/// `NETLINK_ROUTE` is protocol number 0.
const ROUTE: Option<Protocol> = None;

/// A kind of message of rtnetlink that asks for everything of its kind. Source: include/uapi/linux/rtnetlink.h.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dump {
    /// Network interfaces, for [`kernel_stats::rtnl_link`].
    Links,
    /// Network interfaces without their statistics, which are most of the answer.
    LinksWithoutStats,
    /// Addresses of interfaces, for [`kernel_stats::rtnl_addr`].
    Addresses,
    /// Neighbours of IPv4, for [`kernel_stats::rtnl_neigh`].
    Neighbours,
    /// Routes, for [`kernel_stats::rtnl_route`].
    Routes,
    /// Queueing disciplines, for [`kernel_stats::rtnl_qdisc`].
    Qdiscs,
}

impl Dump {
    /// The kind of the message, and the fixed header behind netlink's, where zeros mean all, with attributes if need be.
    fn question(self) -> (u16, Vec<u8>) {
        const IFLA_EXT_MASK: u16 = 29;
        const RTEXT_FILTER_SKIP_STATS: u32 = 8;
        const AF_INET: u8 = 2;
        match self {
            // `struct ifinfomsg`
            Self::Links => (18, vec![0; 16]),
            Self::LinksWithoutStats => {
                let mask = attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
                (18, [vec![0; 16], mask].concat())
            }
            // `struct ifaddrmsg`
            Self::Addresses => (22, vec![0; 8]),
            // `struct ndmsg`
            Self::Neighbours => (30, [&[AF_INET][..], &[0; 11]].concat()),
            // `struct rtmsg`
            Self::Routes => (26, vec![0; 12]),
            // `struct tcmsg`
            Self::Qdiscs => (38, vec![0; 20]),
        }
    }
}

/// One table that is read at each scrape.
#[derive(Debug)]
pub(crate) struct Table {
    question: Vec<u8>,
    socket: Option<OwnedFd>,
    answer: Vec<u8>,
}

impl Table {
    /// The table of `what`, not asked for yet.
    pub(crate) fn of(what: Dump) -> Self {
        let (kind, body) = what.question();
        Self {
            question: question(kind, NLM_F_DUMP, &body),
            socket: None,
            answer: Vec::new(),
        }
    }

    /// All messages of the table now.
    ///
    /// # Errors
    /// What the kernel said, as when address families are restricted.
    pub(crate) fn read(&mut self) -> io::Result<&[u8]> {
        // After a failure, the rest of an answer may be on its way to this socket: the next one is another.
        let socket = self.socket.take().map_or_else(|| open(ROUTE), Ok)?;
        dump_whole(&socket, &self.question, &mut self.answer)?;
        self.socket = Some(socket);
        Ok(&self.answer)
    }

    /// What was read last.
    pub(crate) fn last(&self) -> &[u8] {
        &self.answer
    }

    /// The name of one network device by its number; `None` if there is none, or no longer. Where few are wanted, this is
    /// quicker than to read all devices.
    pub(crate) fn device_name(&self, number: u32) -> Option<String> {
        index_to_name(self.socket.as_ref()?, number).ok()
    }
}

#[cfg(test)]
mod tests {
    use kernel_stats::rtnl_link;

    use super::*;

    #[test]
    fn a_table_is_read_again_and_again_over_one_socket() {
        use rustix::fd::AsRawFd;
        let mut links = Table::of(Dump::Links);
        let mut sockets = Vec::new();
        for round in ["first", "again", "once more"] {
            let found = rtnl_link::parse(links.read().unwrap()).unwrap();
            let number = found.iter().find(|link| link.name == "lo").expect(round).index;
            assert_eq!(links.device_name(number).as_deref(), Some("lo"), "{round}");
            sockets.extend(links.socket.as_ref().map(AsRawFd::as_raw_fd));
        }
        assert_eq!(sockets, [sockets[0]; 3]);
        assert_eq!(links.device_name(u32::MAX), None);
    }

    #[test]
    fn after_a_failure_the_next_answer_is_whole() {
        let mut links = Table::of(Dump::LinksWithoutStats);
        // An address family that has no links is refused.
        let good = std::mem::replace(&mut links.question, question(u16::MAX, NLM_F_DUMP, &[]));
        assert!(links.read().is_err() && links.socket.is_none());
        links.question = good;
        assert!(!rtnl_link::parse(links.read().unwrap()).unwrap().is_empty());
    }
}
