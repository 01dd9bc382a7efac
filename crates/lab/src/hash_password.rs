//! `lab hash-password`: what a web configuration has of a password, its bcrypt hash. The password comes by standard input, and so
//! stands in no command line and in no shell's history.

use std::{
    io::{self, IsTerminal, Read, Write},
    process::ExitCode,
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Arg, ArgMatches, Command, value_parser};

/// bcrypt looks at no more bytes; Go refuses longer passwords.
const LONGEST: usize = 72;

/// More is read of no file, whatever it is: enough to see that it is no password.
const MOST: u64 = 4096;

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("hash-password")
        .about("Makes the hash of a password for basic_auth_users; reads the password from standard input")
        .arg(
            Arg::new("cost")
                .long("cost")
                .value_name("NUMBER")
                .value_parser(value_parser!(u32).range(10..=16))
                .default_value("10")
                .help("Each step doubles the time that a guess takes, and the first scrape after a start"),
        )
}

/// # Errors
/// There is no password, or none that every exporter takes.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let cost = *arguments.get_one("cost").context("--cost has a default")?;
    let stdin = io::stdin();
    if stdin.is_terminal() {
        bail!("it would be seen here: give the password by standard input, lab hash-password <FILE");
    }
    let mut text = Vec::new();
    let read = stdin.lock().take(MOST).read_to_end(&mut text);
    read.context("reading standard input")?;
    let hash = bcrypt::hash(password(&text)?, cost).context("hashing the password")?;
    writeln!(io::stdout(), "{hash}").context("writing to standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// Without the white space around it, which Prometheus does not send either.
fn password(text: &[u8]) -> Result<&[u8]> {
    let password = text.trim_ascii();
    ensure!(!password.is_empty(), "the password is empty");
    ensure!(
        password.len() <= LONGEST,
        "the password is longer than {LONGEST} bytes, and bcrypt would not see the rest"
    );
    ensure!(
        !password.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')),
        "the password is to be one line"
    );
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_that_all_of_bcrypt_sees() {
        let longest = [b'x'; LONGEST];
        let too_long = [b'x'; LONGEST + 1];
        for (text, expected) in [
            (&b"secret\n"[..], Some(&b"secret"[..])),
            (b" two words\r\n", Some(b"two words")),
            (&longest, Some(&longest)),
            (&too_long, None),
            (b"", None),
            (b"\n", None),
            (b"one\ntwo", None),
            (b"nu\0l", None),
        ] {
            assert_eq!(password(text).ok(), expected, "{text:?}");
        }
    }
}
