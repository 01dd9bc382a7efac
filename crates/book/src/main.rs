//! `book stage TO` puts the pages where mdBook takes them from; `book check BUILT` looks for broken links in what it made.
#![forbid(unsafe_code)]

use std::{
    env,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Result, bail, ensure};
use book::{built, stage};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where not even that can be written, the exit code still tells.
            drop(writeln!(io::stderr(), "book: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["stage", to] => stage::stage(&env::current_dir()?, Path::new(to)),
        ["check", folder] => {
            let broken = built::broken_links(Path::new(folder))?;
            ensure!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
            Ok(())
        }
        _ => bail!("usage: book stage TO | book check BUILT, in the repository's root"),
    }
}
