//! The units, judged by systemd itself; nothing is started.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::{
    DAEMONS,
    built::built,
    run::{repository, said},
};

/// Exposure in tenths, as `systemd-analyze security` counts it: Debian's own units of these exporters have 92.
const MOST_EXPOSED: &str = "--threshold=20";

/// The units, with programs that there are.
fn units() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let from = repository().join("deploy/systemd");
    for (name, _) in DAEMONS {
        let unit = fs::read_to_string(from.join(format!("{name}.service"))).expect("each daemon has a unit");
        let unit = unit.replace(&format!("/usr/bin/{name}"), &built(name).display().to_string());
        fs::write(folder.path().join(format!("{name}.service")), unit).expect("the unit is written");
        let socket = format!("{name}.socket");
        fs::copy(from.join("sockets").join(&socket), folder.path().join(&socket)).expect("each daemon has a socket");
    }
    folder
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn systemd_has_nothing_to_say_against_them() {
    let units = units();
    for (name, _) in DAEMONS {
        for kind in ["service", "socket"] {
            let unit = path(units.path(), &format!("{name}.{kind}"));
            let output = crate::run::tried(
                "systemd-analyze",
                &["verify", "--man=no", "--recursive-errors=yes", &unit],
            );
            let said = crate::run::text(&output);
            // Of other units on this machine, it may say what it likes.
            let ours: Vec<_> = said.lines().filter(|line| line.contains("-exporter")).collect();
            assert!(ours.is_empty() && output.status.success(), "{name}.{kind}: {said}");
        }
    }
}

#[test]
fn they_are_hardly_exposed() {
    let units = units();
    for (name, _) in DAEMONS {
        let unit = path(units.path(), &format!("{name}.service"));
        let report = said(
            "systemd-analyze",
            &["security", "--offline=true", "--no-pager", MOST_EXPOSED, &unit],
        );
        println!("{}", report.lines().last().unwrap_or_default());
    }
}

#[test]
fn sockets_are_where_the_programs_listen() {
    for (name, port) in DAEMONS {
        let socket = fs::read_to_string(repository().join(format!("deploy/systemd/sockets/{name}.socket")));
        let line = format!("ListenStream={port}");
        assert!(
            socket.expect("a socket").lines().any(|found| found == line),
            "{name}: no {line}"
        );
    }
}

#[test]
fn only_a_program_that_reads_its_configuration_anew_is_asked_to() {
    for (name, reloads) in DAEMONS.map(|(name, _)| (name, name == "blackbox-exporter")) {
        let unit = fs::read_to_string(repository().join(format!("deploy/systemd/{name}.service"))).expect("a unit");
        assert_eq!(unit.contains("\nExecReload="), reloads, "{name}: others end at SIGHUP");
    }
}
