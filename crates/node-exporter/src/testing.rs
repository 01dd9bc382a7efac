//! What the tests of several collectors share.

use std::ffi::OsString;
use std::path::Path;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flags;
use exposition::{Encoder, Format, assemble};
use tempfile::TempDir;

use crate::context::Context;
use crate::program::flags;

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

/// The host whose /proc, /sys and the rest are under `root`.
pub(crate) fn context(root: &Path, args: &[&str]) -> Context {
    let path = |flag: &str, path: &str| format!("--path.{flag}={}", root.join(path).display());
    let paths = [
        path("procfs", "proc"),
        path("sysfs", "sys"),
        path("rootfs", ""),
        path("udev.data", "run/udev/data"),
    ];
    let args = paths.into_iter().chain(args.iter().map(|&arg| arg.to_owned()));
    Context::new(Flags::parse("x", "", [flags().as_slice()], args.map(OsString::from)).unwrap()).unwrap()
}

/// A collector of that host.
pub(crate) fn collector(spec: &CollectorSpec<Context>, root: &Path, args: &[&str]) -> Box<dyn Collector> {
    (spec.build)(&context(root, args)).unwrap()
}

/// The samples of a scrape, a line each, sorted as an answer has them.
///
/// # Errors
/// What the collector said.
pub(crate) fn samples(collector: &mut dyn Collector) -> Result<String, CollectError> {
    let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
    collector.collect(&mut out)?;
    assert!(assemble([&out], &mut text).is_empty(), "a series twice");
    let text = String::from_utf8(text).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    Ok(samples.map(|line| format!("{line}\n")).collect())
}

/// The whole text of a scrape.
///
/// # Errors
/// What the collector said.
pub(crate) fn text(collector: &mut dyn Collector) -> Result<String, CollectError> {
    let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
    collector.collect(&mut out)?;
    assert_eq!(assemble([&out], &mut text), []);
    Ok(String::from_utf8(text).unwrap())
}
