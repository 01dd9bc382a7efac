//! What the program was built from: the `<name>_build_info` family.

use exposition::{Desc, Encoder, Kind};

use crate::collector::{CollectError, Collector};

/// The `<name>_build_info` family.
pub struct BuildInfo {
    name: String,
    help: String,
}

/// What the build scripts found out.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit, or `unknown`.
pub const REVISION: &str = env!("PILOTLIGHT_REVISION");
/// The compiler.
pub const RUSTC: &str = env!("PILOTLIGHT_RUSTC");

/// The architecture in Go's words, which dashboards show.
const GOARCH: &str = match std::env::consts::ARCH.as_bytes() {
    b"x86_64" => "amd64",
    b"aarch64" => "arm64",
    _ => std::env::consts::ARCH,
};

impl BuildInfo {
    /// The family of the program whose metrics begin with `prefix`, such as `node_exporter`.
    pub fn new(prefix: &str) -> Self {
        let help = format!(
            "A metric with a constant '1' value labeled by version, revision, branch, goversion from which {prefix} was \
             built, and the goos and goarch for the build."
        );
        Self {
            name: format!("{prefix}_build_info"),
            help,
        }
    }
}

impl Collector for BuildInfo {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let labels = ["branch", "goarch", "goos", "goversion", "revision", "tags", "version"];
        let desc = Desc::new(&self.name, &self.help, Kind::Info, &labels);
        out.family(&desc).sample(
            &["main", GOARCH, std::env::consts::OS, RUSTC, REVISION, "rust", VERSION],
            1.0,
        );
        Ok(())
    }
}
