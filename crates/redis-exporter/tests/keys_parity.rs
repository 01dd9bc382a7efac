//! Keys, groups of keys, streams and scripts beside upstream's redis_exporter 1.86 on the same server.
//!
//! Upstream's program comes from the directory in `PEERS`, or from PATH; redis-server from PATH. Where one of these cannot
//! be had there is nothing to compare, which is said.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says what it skips, and starts programs"
)]

mod keyspace;
mod rig;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keyspace::{KEYS, add_streams, lines, scripts};
use rig::{Exporter, Redis, upstream};

/// How long upstream's program may take to listen.
const START_WITHIN: Duration = Duration::from_secs(20);

const MANY: [&str; 2] = ["--enable-debug-command", "yes"];

/// Upstream's program. Dropping it ends it.
struct Upstream {
    child: Child,
    port: u16,
}

impl Upstream {
    /// Starts it with these flags. `None`, and said, where it is not to be had.
    fn start(args: &[&str]) -> Option<Self> {
        let Some(program) = upstream() else {
            println!("nothing to compare: no redis_exporter on PATH or in PEERS");
            return None;
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let child = Command::new(program)
            .arg(format!("-web.listen-address=127.0.0.1:{port}"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self { child, port };
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(began.elapsed() < START_WITHIN, "upstream's program does not listen");
            std::thread::yield_now();
        }
        Some(started)
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        // Version 1.0 keeps the answer in one piece.
        write!(stream, "GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn upstream_says_the_same() {
    let Some(redis) = Redis::start(&MANY) else { return };
    redis.run(KEYS);
    add_streams(&redis);
    redis.run("SELECT 5\nDEBUG POPULATE 2500 k\nSELECT 6\nDEBUG POPULATE 120 user\nSELECT 0");
    let (_folder, script) = scripts(&[("good", "return {'a', '1', 'b', '2.5'}"), ("none", "return {}")]);
    let address = format!("-redis.addr={}", redis.address());
    let args = [
        address.as_str(),
        &script,
        "-check-keys=*,db5=k:1*,db6=user:7,db3=*",
        "-check-single-keys=gone,db3=text,db2=gone",
        "-check-streams=*st,whole",
        "-check-single-streams=db3=st,gone",
        "-count-keys=*,text,db5=k:*,db6=user:1*",
        "-check-key-groups=^k:(%d),\"^(us)er:(%d)\",^s",
        "-max-distinct-key-groups=4",
    ];
    let Some(theirs) = Upstream::start(&args) else { return };
    let ours = Exporter::start(&args);
    let starts = [
        "key_",
        "keys_",
        "stream_",
        "script_",
        "number_of_distinct_key_groups",
        "last_key_groups",
    ];
    let all = |start: &str| starts.map(|name| format!("{start}redis_{name}"));
    let samples = |text: &str| -> BTreeSet<String> {
        let wanted: Vec<String> = ["", "# HELP ", "# TYPE "].into_iter().flat_map(all).collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let moving = [
            "redis_stream_group_consumer_idle_seconds{",
            "redis_last_key_groups_scrape_duration_milliseconds ",
        ];
        let lines = lines(text, &wanted).into_iter();
        lines
            .map(|line| {
                let is_moving = moving.iter().any(|start| line.starts_with(start));
                if is_moving {
                    line.rsplit_once(' ').unwrap().0
                } else {
                    line
                }
                .to_owned()
            })
            .collect()
    };
    let (theirs, ours) = (samples(&theirs.metrics()), samples(&ours.metrics().text));
    let differences: Vec<_> = theirs.symmetric_difference(&ours).collect();
    assert_eq!(differences, [""; 0]);
    assert!(ours.len() > 3000, "{}", ours.len());
}
