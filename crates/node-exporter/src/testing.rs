//! What the tests of several collectors share.

use std::ffi::OsString;
use std::path::Path;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flags;
use exposition::{Encoder, Format, assemble};
use tempfile::TempDir;

use crate::context::{Context, FLAGS};

/// A root with these files, each a path and its text.
pub(crate) fn root(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

/// A host whose files are under `root`, and these arguments for these collectors.
pub(crate) fn context(specs: &[CollectorSpec<Context>], root: &Path, args: &[&str]) -> Context {
    let path = |flag: &str, path: &str| OsString::from(format!("--path.{flag}={}", root.join(path).display()));
    let roots = [
        path("procfs", "proc"),
        path("sysfs", "sys"),
        path("rootfs", "."),
        path("udev.data", "run/udev/data"),
    ];
    let tables = specs.iter().map(|spec| spec.flags).chain([FLAGS]);
    let args = roots.into_iter().chain(args.iter().map(OsString::from));
    Context::new(Flags::parse("node-exporter", "", tables, args).unwrap()).unwrap()
}

/// What a scrape of `collector` says.
pub(crate) fn text(collector: &mut dyn Collector) -> Result<String, CollectError> {
    let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
    collector.collect(&mut out)?;
    assert_eq!(assemble([&out], &mut text), []);
    Ok(String::from_utf8(text).unwrap())
}
