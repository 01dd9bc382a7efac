//! How long an exporter takes from its start to its first whole answer.

use std::{
    ffi::OsStr,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{
    aside::Aside,
    pair::Pair,
    target::{Process, free_port, pause},
};

const STARTS: usize = 31;

const WITHIN: Duration = Duration::from_secs(20);

/// From one attempt to the next: short beside any start, and long enough to leave the CPU to the program.
const PAUSE: Duration = Duration::from_micros(50);

/// What the starts showed.
pub(super) struct Starts {
    /// The median, of ours and of upstream's.
    pub(super) first_answer: [Duration; 2],
    /// The texts that they answered with.
    pub(super) texts: [String; 2],
}

/// Starts both in turns, several times.
///
/// # Errors
/// One does not start or does not answer.
pub(super) fn measure(pair: &Pair) -> Result<Starts> {
    let [ours, upstream] = pair.programs.each_ref().map(|program| program.as_os_str());
    let flags = |port| {
        [
            vec![format!("--web.listen-address=127.0.0.1:{port}")],
            pair.flags.clone(),
        ]
        .concat()
    };
    // The very first start of each reads the program from disk, and does not count.
    let (_, our_text) = first_answer(ours, flags)?;
    let (_, their_text) = first_answer(upstream, flags)?;
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..STARTS {
        took[0].push(first_answer(ours, flags)?.0);
        took[1].push(first_answer(upstream, flags)?.0);
    }
    Ok(Starts {
        first_answer: took.map(median),
        texts: [our_text, their_text],
    })
}

/// Starts one several times, with flags for the port that it is given; the median.
///
/// # Errors
/// It does not start or does not answer.
pub(super) fn median_of(program: &OsStr, flags: impl Fn(u16) -> Vec<String>) -> Result<Duration> {
    // As above.
    first_answer(program, &flags)?;
    let took: Result<Vec<_>> = (0..STARTS).map(|_| Ok(first_answer(program, &flags)?.0)).collect();
    took.map(median)
}

fn median(mut values: Vec<Duration>) -> Duration {
    values.sort();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn first_answer(program: &OsStr, flags: impl Fn(u16) -> Vec<String>) -> Result<(Duration, String)> {
    let port = free_port()?;
    let flags = flags(port);
    let started = Instant::now();
    let process = Process::run(&[program], &flags)?;
    let _aside = Aside::from(&process);
    while started.elapsed() < WITHIN {
        match ask(port) {
            Ok(Some(text)) => return Ok((started.elapsed(), text)),
            // Not listening yet, or not ready to answer.
            Ok(None) | Err(_) => pause(PAUSE),
        }
    }
    bail!("{} did not answer within {} s", program.display(), WITHIN.as_secs());
}

/// The body of a whole answer 200. HTTP/1.0, so that it comes in one piece and ends with the connection.
fn ask(port: u16) -> io::Result<Option<String>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nAccept: text/plain;version=0.0.4\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(whole_body(&answer).map(str::to_owned))
}

fn whole_body(answer: &str) -> Option<&str> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let is_200 = head.split(' ').nth(1) == Some("200");
    (is_200 && body.ends_with('\n')).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_200_counts() {
        for (answer, body) in [
            ("HTTP/1.0 200 OK\r\nA: b\r\n\r\nup 1\n", Some("up 1\n")),
            ("HTTP/1.0 200 OK\r\nA: b\r\n\r\nup", None),
            ("HTTP/1.0 200 OK\r\nA: b\r\n\r\n", None),
            ("HTTP/1.0 200 OK\r\nA", None),
            ("HTTP/1.0 503 200\r\n\r\nno\n", None),
            ("", None),
        ] {
            assert_eq!(whole_body(answer), body, "{answer:?}");
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let millis = |values: [u64; 3]| values.map(Duration::from_millis).to_vec();
        assert_eq!(median(millis([9, 1, 5])), Duration::from_millis(5));
    }
}
