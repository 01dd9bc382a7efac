//! The configuration in force, and how the last attempt to replace it went.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use exporter_toolkit::collector::{CollectError, Collector};
use exposition::{Desc, Encoder};

use crate::config::{self, Config};

/// The file's modules, as they were when it could last be read.
pub(crate) struct LiveConfig {
    path: PathBuf,
    state: Mutex<State>,
    /// How many probes asked for a module that there is not.
    unknown_modules: AtomicU64,
}

struct State {
    config: Arc<Config>,
    /// The text in force or refused last, by which a change is noticed.
    text: Vec<u8>,
    last_attempt_worked: bool,
    loaded: SystemTime,
}

impl LiveConfig {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// What is wrong with it, in upstream's words.
    pub(crate) fn open(path: PathBuf) -> Result<Self, String> {
        let text = read(&path)?;
        let config = parse(&text)?;
        Ok(Self {
            path,
            state: Mutex::new(State {
                config: Arc::new(config),
                text,
                last_attempt_worked: true,
                loaded: SystemTime::now(),
            }),
            unknown_modules: AtomicU64::new(0),
        })
    }

    /// The configuration in force.
    pub(crate) fn current(&self) -> Arc<Config> {
        Arc::clone(&self.state().config)
    }

    /// Counts a request for a module that there is not.
    pub(crate) fn count_unknown_module(&self) {
        self.unknown_modules.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads the file again. If it cannot be used, the old configuration stays. This blocks.
    ///
    /// # Errors
    /// What is wrong with it, in upstream's words.
    pub(crate) fn reload(&self) -> Result<(), String> {
        self.take_over(read(&self.path))
    }

    /// The same if the file's content is another than at the last attempt. `None` if it is not. This blocks.
    pub(crate) fn reload_if_changed(&self) -> Option<Result<(), String>> {
        let text = read(&self.path);
        if text.as_ref().is_ok_and(|text| *text == self.state().text) {
            return None;
        }
        Some(self.take_over(text))
    }

    fn take_over(&self, text: Result<Vec<u8>, String>) -> Result<(), String> {
        let parsed = text.as_deref().map_err(Clone::clone).and_then(parse);
        let mut state = self.state();
        state.last_attempt_worked = parsed.is_ok();
        state.text = text.unwrap_or_default();
        state.config = Arc::new(parsed?);
        state.loaded = SystemTime::now();
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &std::path::Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("error reading config file: open {}: {error}", path.display()))
}

fn parse(text: impl AsRef<[u8]>) -> Result<Config, String> {
    let text = std::str::from_utf8(text.as_ref()).map_err(|_| "error parsing config file: this is not UTF-8 text")?;
    config::parse(text).map_err(|error| error.to_string())
}

const SUCCESSFUL: Desc<'_> = Desc::gauge(
    "blackbox_exporter_config_last_reload_successful",
    "Blackbox exporter config loaded successfully.",
    &[],
);
const LOADED: Desc<'_> = Desc::gauge(
    "blackbox_exporter_config_last_reload_success_timestamp_seconds",
    "Timestamp of the last successful configuration reload.",
    &[],
);
const UNKNOWN_MODULES: Desc<'_> = Desc::counter(
    "blackbox_module_unknown_total",
    "Count of unknown modules requested by probes",
    &[],
);

/// Tells on the exporter's own page how the configuration is.
pub(crate) struct ConfigMetrics(pub(crate) Arc<LiveConfig>);

impl Collector for ConfigMetrics {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let (worked, loaded) = {
            let state = self.0.state();
            (state.last_attempt_worked, state.loaded)
        };
        let loaded = loaded.duration_since(UNIX_EPOCH).unwrap_or_default();
        out.scalar(&SUCCESSFUL, f64::from(u8::from(worked)));
        out.scalar(&LOADED, loaded.as_secs_f64());
        out.scalar(&UNKNOWN_MODULES, self.0.unknown_modules.load(Ordering::Relaxed) as f64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_became_bad_leaves_the_old_configuration_in_force() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "modules: {a: {prober: tcp}}\n").unwrap();
        let live = LiveConfig::open(file.path().to_owned()).unwrap();
        assert_eq!(live.reload_if_changed(), None);

        std::fs::write(file.path(), "modules: {a: {prober: x}}\n").unwrap();
        let refused = Err("error parsing config file: prober 'x' is not valid".to_owned());
        assert_eq!(live.reload_if_changed(), Some(refused.clone()));
        assert_eq!(live.reload_if_changed(), None);
        assert_eq!(live.reload(), refused);
        assert!(live.current().modules.contains_key("a"));
        assert!(!live.state().last_attempt_worked);

        std::fs::write(file.path(), "modules: {b: {prober: tcp}}\n").unwrap();
        assert_eq!(live.reload_if_changed(), Some(Ok(())));
        assert!(live.current().modules.contains_key("b"));
        assert!(live.state().last_attempt_worked);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.yml");
        let error = LiveConfig::open(path.clone()).err().unwrap();
        let start = format!("error reading config file: open {}: ", path.display());
        assert!(error.starts_with(&start), "{error}");
    }
}
