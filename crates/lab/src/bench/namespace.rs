//! Hosts with more network devices or more mounts than this one: real ones, in namespaces that go away with all that is
//! in them. lab runs itself there.

use std::{
    env,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::{
    growth::{Curve, Point},
    inside,
    pair::Pair,
};

/// Of what there is more and more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Devices,
    Mounts,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Devices, Self::Mounts];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Devices => "devices",
            Self::Mounts => "mounts",
        }
    }

    /// For a person to read.
    pub(super) fn units(self) -> &'static str {
        match self {
            Self::Devices => "network devices",
            Self::Mounts => "mounts",
        }
    }

    pub(super) fn sizes(self) -> &'static [u32] {
        match self {
            Self::Devices => &[1, 200, 1000, 2000],
            Self::Mounts => &[1, 100, 1000],
        }
    }
}

/// Has both measured by a lab inside.
///
/// # Errors
/// There may be no namespaces here, which root alone may make, or something went wrong inside.
#[expect(
    clippy::disallowed_methods,
    reason = "to run other programs is what lab is for; exporters never do"
)]
pub(super) fn curve(pair: &Pair, kind: Kind) -> Result<Curve> {
    // Exporters look at the mounts of process 1, so that must be inside as well.
    let output = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .arg(env::current_exe().context("finding lab itself")?)
        .args([inside::NAME, kind.name()])
        .args(pair.to_arguments())
        .stdin(Stdio::null())
        .output()
        .context("starting unshare, of util-linux")?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        let why = why.lines().last().unwrap_or("it said nothing").to_owned();
        let root = if rustix::process::geteuid().is_root() {
            ""
        } else {
            "it needs root: "
        };
        bail!("{root}{why}");
    }
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// A note, and then a point a line.
fn parse(text: &str) -> Result<Curve> {
    let mut lines = text.lines();
    Ok(Curve {
        note: lines.next().unwrap_or_default().to_owned(),
        points: lines.map(Point::from_line).collect::<Result<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_lab_inside_prints_is_understood() {
        let curve = parse("of type dummy\n1 1000 5000\n200 9000 70000\n").unwrap();
        assert_eq!(curve.note, "of type dummy");
        assert_eq!(
            curve.points.iter().map(|point| point.size).collect::<Vec<_>>(),
            [1, 200]
        );
        assert!(parse("note\n1 x\n").is_err());
    }
}
