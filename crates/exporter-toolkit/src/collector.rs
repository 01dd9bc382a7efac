//! What a collector is, and the table entry that makes one.

use std::error::Error;
use std::time::Instant;

use exposition::Encoder;

use crate::flags::{Flag, Flags, Takes};
use crate::scrape::RegistryBuilder;

/// Reads one source and writes its metrics. At most one run of it goes at a time, so buffers and previous samples are
/// plain fields.
pub trait Collector: Send {
    /// Writes all metrics of this source. What was written before an error stays in the answer.
    ///
    /// # Errors
    /// [`CollectError::NoData`] when this host lacks the source, [`CollectError::Failed`] when reading or parsing failed.
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError>;

    /// The same for collectors that wait for something which may never come: they must return by `deadline`.
    ///
    /// # Errors
    /// As [`collect`](Self::collect).
    fn collect_before(&mut self, out: &mut Encoder, deadline: Instant) -> Result<(), CollectError> {
        let _unused = deadline;
        self.collect(out)
    }
}

/// Why a collector gave no complete answer.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The source is not on this host: no such device, file or kernel feature. Said at debug level only.
    #[error("no data: {0}")]
    NoData(Box<dyn Error + Send + Sync>),
    /// Something is wrong.
    #[error("{0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl CollectError {
    /// A failure told in words.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

/// Why a collector could not be made: a flag's value is no good, or a path cannot be used.
pub type BuildError = Box<dyn Error + Send + Sync>;

/// A collector as the registry's table has it. `C` is what the exporter gives all its collectors: flags and paths.
pub struct CollectorSpec<C: 'static> {
    /// The name in `--collector.NAME`, `collect[]` and the `collector` label.
    pub name: &'static str,
    /// Whether it runs unless told otherwise.
    pub enabled_by_default: bool,
    /// Its own flags.
    pub flags: &'static [Flag],
    /// Makes the collector.
    pub build: fn(&C) -> Result<Box<dyn Collector>, BuildError>,
}

/// The flags that choose collectors: one switch for each, and the one that turns the defaults off.
pub fn selection_flags<C>(specs: &[CollectorSpec<C>]) -> Vec<Flag> {
    let disable = "Set all collectors to disabled by default.";
    let mut flags = vec![Flag::switch("collector.disable-defaults", false, disable)];
    for spec in specs {
        flags.extend_from_slice(spec.flags);
        flags.push(Flag {
            name: selection_flag(spec.name).into(),
            help: format!("Enable the {} collector.", spec.name).into(),
            takes: Takes::Switch(spec.enabled_by_default),
            hidden: false,
        });
    }
    flags
}

/// Makes the collectors that `flags` choose.
///
/// # Errors
/// Each collector that cannot be made, with its name.
pub fn build_selected<C>(
    specs: &[CollectorSpec<C>],
    context: &C,
    flags: &Flags,
) -> Result<RegistryBuilder, Vec<String>> {
    let (mut registry, mut errors) = (RegistryBuilder::default(), Vec::new());
    for spec in specs {
        if !is_selected(spec.name, spec.enabled_by_default, flags) {
            registry.disabled(spec.name);
            continue;
        }
        match (spec.build)(context) {
            Ok(collector) => {
                registry.collector(spec.name, collector);
            }
            Err(error) => errors.push(format!("collector {}: {error}", spec.name)),
        }
    }
    if errors.is_empty() { Ok(registry) } else { Err(errors) }
}

/// Whether `flags` choose the collector `name`.
pub fn is_selected(name: &str, enabled_by_default: bool, flags: &Flags) -> bool {
    let flag = selection_flag(name);
    if flags.is_given(&flag) {
        return flags.switch(&flag);
    }
    enabled_by_default && !flags.switch("collector.disable-defaults")
}

fn selection_flag(collector: &str) -> String {
    format!("collector.{collector}")
}
