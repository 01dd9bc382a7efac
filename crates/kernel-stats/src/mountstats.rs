//! Statistics of NFS mounts, from /proc/PID/mountstats. A mount is a line that begins with `device`; lines of
//! statistics follow those that have any. The first `xprt` is the transport of the mount, more come with `nconnect`.
//!
//! ```text
//! device proc mounted on /proc with fstype proc
//! device nas:/srv mounted on /srv with fstype nfs4 statvers=1.1
//!         opts:   rw,vers=4.2,proto=tcp
//!         age:    86401
//!         events: 7 91 0 0 1 5 60 0 0 12 0 9 0 0 8 0 0 8 0 0 0 0 0 0 0 0 0
//!         bytes:  40960 0 0 0 45056 0 10 0
//!         xprt:   tcp 832 0 1 0 11 640 640 0 900 0 12 20 650
//!         per-op statistics
//!                 NULL: 0 0 0 0 0 0 0 0 0
//!                 READ: 10 10 0 1600 46080 1 30 31 0
//! ```

use crate::ParseError;
use crate::fields::{Fields, Line, lines};

const SHAPE: &str = "a keyword and its numbers";
const TRANSPORT: &str = "a transport and its numbers";
const OPERATION: &str = "an operation and at least 8 numbers";

/// One mount that has statistics. Lines that the kernel does not write are zeros.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NfsMount<'a> {
    /// How many mounts stand before this one, as in /proc/PID/mountinfo.
    pub position: usize,
    /// What is mounted, as in `nas:/srv`. Escapes (`\040`) are left as they are.
    pub device: &'a str,
    /// How long it has been mounted, in seconds. Source: `age`.
    pub age_seconds: u64,
    /// Bytes read, written, read directly, written directly by programs; bytes read from and written to the server;
    /// pages read and written through mappings. Source: `bytes`.
    pub bytes: [u64; 8],
    /// Counts of events, in the order of the kernel's `NFSIOS_…` counters. Source: `events`.
    pub events: [u64; 27],
    /// The connections to the server. Source: `xprt`.
    pub transports: Vec<Transport<'a>>,
    /// What was asked of the server. Source: the lines below `per-op statistics`.
    pub operations: Vec<Operation<'a>>,
}

/// One connection to the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transport<'a> {
    /// `tcp`, `udp` or `rdma`.
    pub protocol: &'a str,
    /// Times that a local port was bound.
    pub binds: u64,
    /// Times that a connection was made; 0 for `udp`.
    pub connects: u64,
    /// Time since it was last used, in seconds; 0 for `udp`.
    pub idle_seconds: u64,
    /// Requests sent.
    pub sends: u64,
    /// Replies received.
    pub receives: u64,
    /// Replies to no known request.
    pub bad_transaction_ids: u64,
    /// Length of the backlog, summed over all requests.
    pub backlog: u64,
    /// Most slots that were in use at a time. This and the two below are 0 for `rdma` and for `statvers=1.0`.
    pub max_slots: u64,
    /// Length of the queue of requests to be sent, summed over all requests.
    pub sending: u64,
    /// Length of the queue of requests that wait for a reply, summed over all requests.
    pub pending: u64,
}

/// One kind of request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Operation<'a> {
    /// Its name, as in `GETATTR`.
    pub name: &'a str,
    /// Requests made.
    pub requests: u64,
    /// Times that a request was sent.
    pub transmissions: u64,
    /// Requests that ran into a major timeout.
    pub major_timeouts: u64,
    /// Bytes sent, headers included.
    pub bytes_sent: u64,
    /// Bytes received, headers included.
    pub bytes_received: u64,
    /// Time that requests waited to be sent, in milliseconds.
    pub queue_millis: u64,
    /// Time from sending to reply, in milliseconds.
    pub response_millis: u64,
    /// Time from making a request to its end, in milliseconds.
    pub request_millis: u64,
}

/// Parses /proc/PID/mountstats: the mounts that have statistics, in the file's order.
///
/// # Errors
/// When a line of statistics has too few numbers or anything but numbers, or a transport is unknown.
pub fn parse(bytes: &[u8]) -> Result<Vec<NfsMount<'_>>, ParseError> {
    let (mut mounts, mut position) = (Vec::new(), 0);
    // The lines of a mount without statistics never get here, and those of another kind of statistics are not for us.
    let (mut has_statistics, mut in_operations) = (false, false);
    for line in lines(bytes) {
        if line.text.starts_with(b"device ") || line.text.starts_with(b"no device ") {
            let mount = nfs_mount(line, position)?;
            (has_statistics, in_operations) = (mount.is_some(), false);
            mounts.extend(mount);
            position += 1;
        } else if let (true, Some(mount)) = (has_statistics, mounts.last_mut()) {
            match in_operations {
                true => mount.operations.push(operation(line)?),
                false => in_operations = statistic(mount, line)?,
            }
        }
    }
    Ok(mounts)
}

/// The mount that begins with `line` if it is of NFS and has statistics. The device may hold any bytes, so what it
/// is matters only then.
fn nfs_mount(line: Line<'_>, position: usize) -> Result<Option<NfsMount<'_>>, ParseError> {
    const MOUNT: &str = "a device, where it is mounted and its type";
    let words: Vec<&[u8]> = line.fields(MOUNT).collect();
    let [.., b"fstype", b"nfs" | b"nfs4", statistics] = words.as_slice() else {
        return Ok(None);
    };
    if !statistics.starts_with(b"statvers=") {
        return Ok(None);
    }
    let mut fields = line.fields(MOUNT);
    fields.word()?;
    Ok(Some(NfsMount {
        position,
        device: fields.text()?,
        ..NfsMount::default()
    }))
}

/// Takes one statistic; true when operations follow it.
fn statistic<'a>(mount: &mut NfsMount<'a>, line: Line<'a>) -> Result<bool, ParseError> {
    let mut fields = line.fields(SHAPE);
    match fields.word()? {
        b"age:" => mount.age_seconds = fields.number()?,
        b"bytes:" => mount.bytes = fields.numbers()?,
        b"events:" => mount.events = fields.numbers()?,
        b"xprt:" => mount.transports.push(transport(line)?),
        b"per-op" => return Ok(true),
        _ => {}
    }
    Ok(false)
}

fn transport(line: Line<'_>) -> Result<Transport<'_>, ParseError> {
    let mut fields = line.fields(TRANSPORT);
    fields.word()?;
    let protocol = fields.parsed(|word| match word {
        b"tcp" => Some("tcp"),
        b"udp" => Some("udp"),
        b"rdma" => Some("rdma"),
        _ => None,
    })?;
    let [_port, binds] = fields.numbers()?;
    let [connects, _connect_time, idle_seconds] = match protocol {
        "udp" => [0; 3],
        _ => fields.numbers()?,
    };
    let [sends, receives, bad_transaction_ids, _active, backlog] = fields.numbers()?;
    // What follows for RDMA counts other things.
    let [max_slots, sending, pending] = match protocol {
        "rdma" => [0; 3],
        _ => or_zeros(&mut fields)?,
    };
    Ok(Transport {
        protocol,
        binds,
        connects,
        idle_seconds,
        sends,
        receives,
        bad_transaction_ids,
        backlog,
        max_slots,
        sending,
        pending,
    })
}

fn or_zeros<const N: usize>(fields: &mut Fields<'_>) -> Result<[u64; N], ParseError> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = fields.optional_number()?.unwrap_or(0);
    }
    Ok(numbers)
}

fn operation(line: Line<'_>) -> Result<Operation<'_>, ParseError> {
    let mut fields = line.fields(OPERATION);
    let name = fields.text()?;
    let [
        requests,
        transmissions,
        major_timeouts,
        bytes_sent,
        bytes_received,
        queue_millis,
        response_millis,
        request_millis,
    ] = fields.numbers()?;
    Ok(Operation {
        name: name.trim_end_matches(':'),
        requests,
        transmissions,
        major_timeouts,
        bytes_sent,
        bytes_received,
        queue_millis,
        response_millis,
        request_millis,
    })
}

#[cfg(test)]
mod tests {
    use super::{NfsMount, Operation, Transport, parse};

    #[test]
    fn mounts_have_events_transports_and_operations() {
        let mounts = parse(include_bytes!("../fixtures/mountstats")).unwrap();
        let found: Vec<_> = mounts.iter().map(|mount| (mount.position, mount.device)).collect();
        let expected = [
            (1, "nas1:/home"),
            (3, "nas1:/home"),
            (4, "nas2:/old"),
            (5, "nas3:/fast"),
        ];
        assert_eq!(found, expected);
        let first = Transport {
            protocol: "tcp",
            binds: 41,
            connects: 42,
            idle_seconds: 44,
            sends: 45,
            receives: 46,
            bad_transaction_ids: 47,
            backlog: 49,
            max_slots: 50,
            sending: 51,
            pending: 52,
        };
        assert_eq!((mounts[0].transports.len(), mounts[0].transports[0]), (2, first));
        assert_eq!((mounts[0].age_seconds, mounts[0].bytes[7]), (86_401, 35));
        assert_eq!(mounts[0].events.to_vec(), (1..=27).collect::<Vec<_>>());
        let read = Operation {
            name: "READ",
            requests: 1091,
            transmissions: 1092,
            major_timeouts: 1093,
            bytes_sent: 1094,
            bytes_received: 1095,
            queue_millis: 1096,
            response_millis: 1097,
            request_millis: 1098,
        };
        assert_eq!((mounts[0].operations.len(), mounts[0].operations[1]), (3, read));
    }

    #[test]
    fn transports_have_columns_of_their_own() {
        let cases = [
            ("udp 1 2 3 4 5 6 7 8 9 10", [0, 0, 3, 7, 8, 9, 10]),
            ("udp 1 2 3 4 5 6 7", [0, 0, 3, 7, 0, 0, 0]),
            ("rdma 1 2 3 4 5 6 7 8 9 10 11 12 13", [3, 5, 6, 10, 0, 0, 0]),
            ("tcp 1 2 3 4 5 6 7 8 9 10", [3, 5, 6, 10, 0, 0, 0]),
        ];
        for (line, expected) in cases {
            let text = format!("device a mounted on /a with fstype nfs statvers=1.0\nxprt: {line}\n");
            let mounts = parse(text.as_bytes()).unwrap();
            let Transport {
                connects,
                idle_seconds,
                sends,
                backlog,
                max_slots,
                sending,
                pending,
                ..
            } = mounts[0].transports[0];
            let found = [connects, idle_seconds, sends, backlog, max_slots, sending, pending];
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn mounts_without_statistics_only_count() {
        let text = b"no device mounted on /a with fstype x\n\
            device a b mounted on /b with fstype nfs4\n\
            device c mounted on /c with fstype new statvers=2\n\tage: soon\n\
            device d mounted on /d with fstype nfs statvers=1.1\n";
        let expected = NfsMount {
            position: 3,
            device: "d",
            ..NfsMount::default()
        };
        assert_eq!(parse(text), Ok(vec![expected]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_statistics_are_errors() {
        let cases = [
            ("age: x", "a keyword and its numbers", "x"),
            ("bytes: 1 2", "a keyword and its numbers", "bytes: 1 2"),
            ("xprt: local 1 2", "a transport and its numbers", "local"),
            ("xprt: tcp 1 2", "a transport and its numbers", "xprt: tcp 1 2"),
            (
                "per-op statistics\nREAD: 1",
                "an operation and at least 8 numbers",
                "READ: 1",
            ),
        ];
        for (lines, expected, found) in cases {
            let text = format!("device a mounted on /a with fstype nfs statvers=1.1\n{lines}\n");
            let number = 1 + lines.lines().count();
            let error = format!("line {number}: expected {expected}, found {found:?}");
            assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), error);
        }
    }
}
