//! What can be chosen: by flags at the start, and at `/admin/settings` while it runs.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use exporter_toolkit::go_duration;
use serde_json::{Value, json};

use crate::cpu::CpuMode;
use crate::latency::Distribution;

/// The longest mean latency; longer ones belong to no demonstration.
const LONGEST_MEAN: Duration = Duration::from_secs(10);

/// The most ballast: twice what the alert on memory allows.
const MOST_MIB: u32 = 512;

/// What the simulation does now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) distribution: Distribution,
    /// The mean latency.
    pub(crate) mean: Duration,
    /// The share of requests that are answered 500, from 0 to 1.
    pub(crate) error_rate: f64,
    pub(crate) cpu_mode: CpuMode,
    /// Memory that is taken for nothing, in MiB.
    pub(crate) ballast_mib: u32,
    /// Whether requests are also counted by user.
    pub(crate) user_id_label: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            distribution: Distribution::Lognormal,
            mean: Duration::from_millis(50),
            error_rate: 0.005,
            cpu_mode: CpuMode::Random,
            ballast_mib: 0,
            user_id_label: false,
        }
    }
}

impl Settings {
    /// The settings' names; the flags have the same, with dashes.
    pub(crate) const NAMES: [&'static str; 6] = [
        "latency_distribution",
        "latency_mean",
        "error_rate",
        "cpu_mode",
        "ballast_mib",
        "user_id_label",
    ];

    /// Changes one setting.
    ///
    /// # Errors
    /// What is wrong with the value and what is allowed, or that there is no such setting.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "latency_distribution" => self.distribution = choice(&Distribution::ALL, value)?,
            "latency_mean" => self.mean = mean(value)?,
            "error_rate" => self.error_rate = share(value)?,
            "cpu_mode" => self.cpu_mode = choice(&CpuMode::ALL, value)?,
            "ballast_mib" => self.ballast_mib = mebibytes(value)?,
            "user_id_label" => self.user_id_label = choice(&[("true", true), ("false", false)], value)?,
            _ => return Err(format!("no such setting; there are {}", Self::NAMES.join(", "))),
        }
        Ok(())
    }

    /// The value of a setting as [`set`](Self::set) takes it; empty for one that does not exist.
    pub(crate) fn get(&self, name: &str) -> String {
        match name {
            "latency_distribution" => name_of(&Distribution::ALL, self.distribution).to_owned(),
            // Reads as Go writes it: 50ms, 1.5s.
            "latency_mean" => format!("{:?}", self.mean),
            "error_rate" => self.error_rate.to_string(),
            "cpu_mode" => name_of(&CpuMode::ALL, self.cpu_mode).to_owned(),
            "ballast_mib" => self.ballast_mib.to_string(),
            "user_id_label" => self.user_id_label.to_string(),
            _ => String::new(),
        }
    }

    /// All of them, for programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "latency_distribution": self.get("latency_distribution"),
            "latency_mean": self.get("latency_mean"),
            "error_rate": self.error_rate,
            "cpu_mode": self.get("cpu_mode"),
            "ballast_mib": self.ballast_mib,
            "user_id_label": self.user_id_label,
        })
    }

    /// The same with these changes.
    ///
    /// # Errors
    /// All that is wrong with them; then none of them holds.
    pub(crate) fn with(mut self, changes: &[(String, String)]) -> Result<Self, Vec<String>> {
        let errors: Vec<String> = changes
            .iter()
            .filter_map(|(name, value)| Some(format!("{name}: {}", self.set(name, value).err()?)))
            .collect();
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

/// One of several names.
fn choice<T: Copy>(all: &[(&str, T)], value: &str) -> Result<T, String> {
    let found = all.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        format!("{value:?} is none of {}", names.join(", "))
    })
}

fn name_of<T: Copy + PartialEq>(all: &[(&'static str, T)], wanted: T) -> &'static str {
    let found = all.iter().find(|(_, choice)| *choice == wanted);
    found.map_or("", |(name, _)| name)
}

fn mean(value: &str) -> Result<Duration, String> {
    go_duration::parse(value)
        .filter(|mean| *mean <= LONGEST_MEAN)
        .ok_or_else(|| format!("{value:?} is no duration from 0s to {LONGEST_MEAN:?}, such as 50ms"))
}

fn share(value: &str) -> Result<f64, String> {
    let share = value.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("{value:?} is no number from 0 to 1"))
}

fn mebibytes(value: &str) -> Result<u32, String> {
    let mebibytes = value.parse().ok().filter(|mebibytes| *mebibytes <= MOST_MIB);
    mebibytes.ok_or_else(|| format!("{value:?} is no whole number from 0 to {MOST_MIB}"))
}

/// The settings in force.
#[derive(Debug)]
pub(crate) struct LiveSettings(RwLock<Settings>);

impl LiveSettings {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(RwLock::new(settings))
    }

    pub(crate) fn get(&self) -> Settings {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts changes in force, all or none, and says what holds then.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub(crate) fn change(&self, changes: &[(String, String)]) -> Result<Settings, Vec<String>> {
        let mut settings = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *settings = settings.with(changes)?;
        Ok(*settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_shown_can_be_set_again() {
        let changed = Settings::default().with(&changes(&[
            ("latency_distribution", "exponential"),
            ("latency_mean", "1.5s"),
            ("error_rate", "0.25"),
            ("cpu_mode", "spikes"),
            ("ballast_mib", "512"),
            ("user_id_label", "true"),
        ]));
        let expected = Settings {
            distribution: Distribution::Exponential,
            mean: Duration::from_millis(1500),
            error_rate: 0.25,
            cpu_mode: CpuMode::Spikes,
            ballast_mib: 512,
            user_id_label: true,
        };
        assert_eq!(changed, Ok(expected));
        let shown = Settings::NAMES.map(|name| (name.to_owned(), expected.get(name)));
        assert_eq!(Settings::default().with(&shown), Ok(expected));
        assert_eq!(
            expected.json().to_string(),
            r#"{"ballast_mib":512,"cpu_mode":"spikes","error_rate":0.25,"latency_distribution":"exponential","latency_mean":"1.5s","user_id_label":true}"#
        );
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_and_nothing_changes() {
        let live = LiveSettings::new(Settings::default());
        let wrong = changes(&[
            ("error_rate", "0.5"),
            ("latency_distribution", "normal"),
            ("latency_mean", "11s"),
            ("latency_mean", "50"),
            ("error_rate", "1.01"),
            ("error_rate", "NaN"),
            ("cpu_mode", ""),
            ("ballast_mib", "513"),
            ("ballast_mib", "-1"),
            ("user_id_label", "yes"),
            ("errors", "1"),
        ]);
        let errors = [
            r#"latency_distribution: "normal" is none of constant, uniform, exponential, lognormal"#,
            r#"latency_mean: "11s" is no duration from 0s to 10s, such as 50ms"#,
            r#"latency_mean: "50" is no duration from 0s to 10s, such as 50ms"#,
            r#"error_rate: "1.01" is no number from 0 to 1"#,
            r#"error_rate: "NaN" is no number from 0 to 1"#,
            r#"cpu_mode: "" is none of random, spikes, high"#,
            r#"ballast_mib: "513" is no whole number from 0 to 512"#,
            r#"ballast_mib: "-1" is no whole number from 0 to 512"#,
            r#"user_id_label: "yes" is none of true, false"#,
            "errors: no such setting; there are latency_distribution, latency_mean, error_rate, cpu_mode, ballast_mib, user_id_label",
        ];
        assert_eq!(live.change(&wrong).unwrap_err(), errors);
        assert_eq!(live.get(), Settings::default());
    }
}
