//! Commands that are run elsewhere: they take minutes, want root, or change the machine.

use std::{fs, path::Path};

/// Where a command is proven: the test of which `text` is a part, in this file or folder.
pub(crate) struct Proof {
    /// How the command begins.
    pub(crate) command: &'static str,
    at: &'static str,
    text: &'static str,
}

const fn proof(command: &'static str, at: &'static str, text: &'static str) -> Proof {
    Proof { command, at, text }
}

/// The first that fits holds.
pub(crate) const PROOFS: &[Proof] = &[
    proof("make run", "crates/lab/tests/up", ".arg(\"up\")"),
    proof(
        "make build",
        "Makefile",
        "\t$(MAKE) --no-print-directory build\n\tcargo test",
    ),
    proof("make secrets", "crates/lab/tests/compose", "deploy/secrets.sh"),
    proof("make packages", "Makefile", "test-packages: packages"),
    proof("make test-packages", "Makefile", "test-packages: packages"),
    proof("make reproducible", "Makefile", "reproducible: packages"),
    proof("make test", ".ci/run", "make test\n"),
    proof("make lint", ".ci/run", "make lint\n"),
    proof("docker compose", "crates/lab/tests/compose", "\"up\""),
    proof(
        "deploy/debian-images",
        "crates/lab/tests/compose",
        "deploy/debian-images",
    ),
    proof("deploy/ec2/install.sh", "crates/lab/tests/ec2.rs", "install.sh"),
    proof("docker build", "crates/lab/tests/compose", "\"--build\""),
    proof("lab load", "crates/lab/tests/load.rs", ".arg(\"load\")"),
    proof("lab up", "crates/lab/tests/up", ".arg(\"up\")"),
    proof("lab simulate", "crates/lab/tests/alerts", "\"simulate\""),
];

/// Where this command is proven.
pub(crate) fn of(command: &str) -> Option<&'static Proof> {
    PROOFS.iter().find(|proof| {
        let rest = command.trim_start().strip_prefix(proof.command);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    })
}

impl Proof {
    /// What is wrong with it.
    pub(crate) fn wrong(&self, root: &Path) -> Option<String> {
        let there = contains(&root.join(self.at), self.text);
        (!there).then(|| format!("`{}` is not proven: {} has no {:?}", self.command, self.at, self.text))
    }
}

/// Whether the file, or a file right in the folder, has this text.
fn contains(at: &Path, text: &str) -> bool {
    match fs::read_dir(at) {
        Ok(entries) => entries.flatten().any(|entry| contains(&entry.path(), text)),
        Err(_) => fs::read_to_string(at).is_ok_and(|found| found.contains(text)),
    }
}
