//! The programs that read back what the encoder wrote.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where deploy/prepare.sh puts what the machine lacks.
fn prepared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/tools")
        .join(path)
}

/// A Python with prometheus_client and protobuf: `PYTHON`, else the prepared one.
pub(crate) fn python() -> PathBuf {
    env::var_os("PYTHON").map_or_else(|| found("python", [prepared("venv/bin/python")]), PathBuf::from)
}

/// `prometheus` or `promtool`: from `PROMETHEUS_DIR` if given, else the prepared one, else from PATH.
pub(crate) fn prometheus_program(name: &str) -> PathBuf {
    if let Some(directory) = env::var_os("PROMETHEUS_DIR") {
        return found(name, [PathBuf::from(directory).join(name)]);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|directory| directory.join(name));
    found(name, [prepared("bin").join(name)].into_iter().chain(on_path))
}

fn found(name: &str, candidates: impl IntoIterator<Item = PathBuf>) -> PathBuf {
    let mut candidates = candidates.into_iter();
    let program = candidates.find(|candidate| candidate.is_file());
    program.unwrap_or_else(|| panic!("{name} is missing; get it with: deploy/prepare.sh test"))
}

/// Runs a program to its end with `input` as its standard input, which it must read before it writes.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("starting {command:?}: {error}; get it with: deploy/prepare.sh test"));
    // One that ends early says why on its standard error.
    let written = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("the child is ours to wait for");
    if output.status.success() {
        written.expect("a program that succeeds reads its input");
    }
    output
}

/// Both outputs of a program as text, for messages.
pub(crate) fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}
