//! `lab bench-inside`: the part of `lab bench` that runs in namespaces of its own, where it makes more and more network
//! devices or mounts. For lab alone to call: elsewhere it would change the host.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command as Program, ExitCode, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Arg, ArgMatches, Command};
use rustix::mount::{MountFlags, mount};

use super::{
    growth::Point,
    namespace::Kind,
    pair::{self, Pair},
    runtime, say,
};

/// The subcommand's name.
pub(crate) const NAME: &str = "bench-inside";

/// Types of network devices that do nothing by themselves; a kernel need not know all of them.
const DEVICE_TYPES: [&str; 3] = ["dummy", "ifb", "bridge"];

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Measures growth in namespaces of its own")
        .hide(true)
        .arg(Arg::new("kind").required(true).value_parser(Kind::ALL.map(Kind::name)))
        .args(pair::arguments())
}

/// Measures at each size and prints a line for each.
///
/// # Errors
/// It is not in namespaces of its own, these cannot be filled, or a program does not answer.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    ensure!(
        std::process::id() == 1,
        "{NAME} is for lab bench to call, as the first process of its namespaces"
    );
    let pair = Pair::from_matches(arguments)?;
    let name: &String = arguments.get_one("kind").context("the kind is required")?;
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .context("a kind that clap knows")?;
    runtime()?.block_on(measure(&pair, kind))?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(pair: &Pair, kind: Kind) -> Result<()> {
    ip("link set lo up\n")?;
    let mut host = match kind {
        Kind::Devices => Host::Devices(prepare_devices()?),
        Kind::Mounts => Host::Mounts(tempfile::tempdir().context("making a place for mounts")?),
    };
    say(&format!("{}\n", host.note()))?;
    let mut made = 0;
    for size in kind.sizes() {
        host.grow(made, *size)?;
        made = *size;
        say(&Point::measure(pair, &[], *size).await?.to_line())?;
    }
    Ok(())
}

enum Host {
    /// Of this type.
    Devices(&'static str),
    /// In this directory.
    Mounts(tempfile::TempDir),
}

impl Host {
    fn note(&self) -> String {
        match self {
            Self::Devices(of_type) => format!("of type {of_type}"),
            Self::Mounts(_) => "tmpfs, more than the host's own".to_owned(),
        }
    }

    fn grow(&mut self, from: u32, to: u32) -> Result<()> {
        match self {
            Self::Devices(of_type) => {
                // The loopback device is the first one.
                let lines = (from.max(1)..to).map(|number| format!("link add bench{number} type {of_type}\n"));
                ip(&lines.collect::<String>())
            }
            Self::Mounts(dir) => (from..to).try_for_each(|number| mount_tmpfs(&dir.path().join(number.to_string()))),
        }
    }
}

fn mount_tmpfs(place: &Path) -> Result<()> {
    fs::create_dir(place)
        .and_then(|()| Ok(mount("bench", place, "tmpfs", MountFlags::empty(), None)?))
        .with_context(|| format!("mounting at {}", place.display()))
}

/// Shows the devices of this namespace in /sys, and finds a type of device to make.
fn prepare_devices() -> Result<&'static str> {
    mount("sysfs", "/sys", "sysfs", MountFlags::empty(), None).context("mounting /sys")?;
    DEVICE_TYPES
        .into_iter()
        .find(|of_type| ip(&format!("link add probe type {of_type}\nlink del probe\n")).is_ok())
        .with_context(|| format!("this kernel makes no devices of the types {}", DEVICE_TYPES.join(", ")))
}

/// Runs commands of ip(8), a line each.
#[expect(
    clippy::disallowed_methods,
    reason = "to run other programs is what lab is for; exporters never do"
)]
fn ip(commands: &str) -> Result<()> {
    let mut child = Program::new("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting ip, of iproute2")?;
    // A pipe that breaks is told by what ip says.
    child.stdin.take().map(|mut stdin| stdin.write_all(commands.as_bytes()));
    let output = child.wait_with_output().context("waiting for ip")?;
    if !output.status.success() {
        bail!("ip: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
