//! Makes the program of the containers: static, since their image holds nothing else.

use std::env;
use std::path::Path;

#[expect(clippy::disallowed_methods, reason = "a build script runs the compiler")]
fn main() {
    let variable = |name: &str| env::var(name).expect("cargo tells it to build scripts");
    let program = Path::new(&variable("OUT_DIR")).join("worker");
    let status = std::process::Command::new(variable("RUSTC"))
        .args(["--edition=2024", "--target", &variable("TARGET"), "-Copt-level=s"])
        .args(["-Cpanic=abort", "-Cstrip=symbols", "-Ctarget-feature=+crt-static"])
        .args(["worker/main.rs", "-o"])
        .arg(&program)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "worker/main.rs does not compile"
    );
    println!("cargo::rerun-if-changed=worker/main.rs");
}
