//! `lab bench-probed`: the targets of probes, served by a lab of its own, so that what they cost is not counted. They end
//! with the lab that started them.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command as Program, ExitCode, Stdio},
    thread,
};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgMatches, Command, value_parser};
use tempfile::TempDir;

use super::{
    probe_kinds::{self, Ports},
    runtime, say,
    servers::{self, Identity},
};

/// The subcommand's name.
pub(crate) const NAME: &str = "bench-probed";

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Serves the targets of probes until its standard input ends")
        .hide(true)
        .arg(
            Arg::new("authority")
                .required(true)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Where to write the certificate to trust"),
        )
}

/// Serves, and prints a line with the ports once all listen.
///
/// # Errors
/// The certificate cannot be made or written, or there is no port.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let authority: &PathBuf = arguments.get_one("authority").context("the file is required")?;
    let identity = Identity::make(probe_kinds::NAME)?;
    fs::write(authority, &identity.authority).with_context(|| format!("writing {}", authority.display()))?;
    let runtime = runtime()?;
    let ports = runtime.block_on(servers::start(&identity))?;
    say(&line(ports))?;
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            // Whatever comes of it, it is over.
            drop(io::stdin().read_to_end(&mut Vec::new()));
            drop(ended);
        })
        .context("starting a thread")?;
    // It comes when the sender is dropped.
    drop(runtime.block_on(end));
    Ok(ExitCode::SUCCESS)
}

fn line(ports: Ports) -> String {
    format!("{} {} {} {}\n", ports.http, ports.https, ports.tcp, ports.dns)
}

fn parse(line: &str) -> Result<Ports> {
    let ports: Result<Vec<u16>, _> = line.split_whitespace().map(str::parse).collect();
    let Ok(&[http, https, tcp, dns]) = ports.as_deref() else {
        bail!("expected 4 ports, found {line:?}");
    };
    Ok(Ports { http, https, tcp, dns })
}

/// The targets. Dropping this ends them.
pub(super) struct Probed {
    child: Child,
    folder: TempDir,
    ports: Ports,
}

impl Probed {
    /// Starts them.
    ///
    /// # Errors
    /// They cannot be started.
    #[expect(
        clippy::disallowed_methods,
        reason = "to run other programs is what lab is for; exporters never do"
    )]
    pub(super) fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder for a certificate")?;
        let mut child = Program::new(env::current_exe().context("finding lab itself")?)
            .arg(NAME)
            .arg(authority(folder.path()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the targets")?;
        let mut first = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut first)
                .context("waiting for the targets")?;
        }
        let ports = parse(&first).context("starting the targets")?;
        Ok(Self { child, folder, ports })
    }

    pub(super) fn ports(&self) -> Ports {
        self.ports
    }

    /// A file of its own with modules for these targets.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn config(&self) -> Result<PathBuf> {
        let file = self.folder.path().join("blackbox.yml");
        fs::write(&file, probe_kinds::config(&authority(self.folder.path())))
            .with_context(|| format!("writing {}", file.display()))?;
        Ok(file)
    }
}

fn authority(folder: &Path) -> PathBuf {
    folder.join("authority.pem")
}

impl Drop for Probed {
    fn drop(&mut self) {
        // Its standard input ends, and so does it. Waiting fails only when it is gone already.
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_come_back_from_their_line() {
        let ports = Ports {
            http: 1,
            https: 22,
            tcp: 333,
            dns: 65_535,
        };
        assert_eq!(parse(&line(ports)).unwrap(), ports);
        for odd in ["", "1 2 3\n", "1 2 3 4 5\n", "1 2 3 65536\n"] {
            assert!(parse(odd).is_err(), "{odd:?}");
        }
    }
}
