//! Finds out what the build info metric says: the commit and the compiler.
#![expect(clippy::disallowed_methods, reason = "a build script may ask git and rustc")]

use std::process::Command;

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let rustc = output(&rustc, &["--version"]);
    let rustc = rustc.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let revision =
        std::env::var("PILOTLIGHT_REVISION").unwrap_or_else(|_| output("git", &["rev-parse", "--short=12", "HEAD"]));
    let or_unknown = |text: String| if text.is_empty() { "unknown".to_owned() } else { text };
    println!("cargo::rustc-env=PILOTLIGHT_RUSTC={}", or_unknown(rustc));
    println!("cargo::rustc-env=PILOTLIGHT_REVISION={}", or_unknown(revision));
    println!("cargo::rerun-if-env-changed=PILOTLIGHT_REVISION");
    println!("cargo::rerun-if-changed=build.rs");
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
