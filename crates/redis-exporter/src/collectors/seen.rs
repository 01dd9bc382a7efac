//! What is known of a target once INFO has come.

use std::time::SystemTime;

use super::info::Info;

/// How many databases a target has that does not say it.
const USUAL_DATABASES: u32 = 16;

/// What is known of a target.
pub(crate) struct Seen<'a> {
    /// All of INFO.
    pub(crate) info: Info<'a>,
    /// When it came.
    pub(crate) now: SystemTime,
    /// How many databases CONFIG told of.
    pub(crate) told_databases: Option<u32>,
    /// Where the target keeps its dump, as CONFIG says.
    pub(crate) told_folder: Option<String>,
    /// What the dump is called there.
    pub(crate) told_dump: Option<String>,
}

impl<'a> Seen<'a> {
    /// What INFO says.
    pub(crate) fn new(info: &'a str, now: SystemTime) -> Self {
        Self {
            info: Info::new(info),
            now,
            told_databases: None,
            told_folder: None,
            told_dump: None,
        }
    }

    /// `master` or `slave`; empty where the target does not say it.
    pub(crate) fn role(&self) -> &'a str {
        self.info.value("role").unwrap_or_default()
    }

    /// Whether the target is part of a cluster.
    pub(crate) fn is_cluster(&self) -> bool {
        self.info.value("cluster_enabled") == Some("1")
    }

    /// Whether the target is a sentinel.
    pub(crate) fn is_sentinel(&self) -> bool {
        self.info.section("Sentinel").next().is_some()
    }

    /// How many databases the target has. In a cluster there is one.
    pub(crate) fn databases(&self) -> u32 {
        if self.is_cluster() {
            return 1;
        }
        self.told_databases
            .filter(|count| *count > 0)
            .unwrap_or(USUAL_DATABASES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_has_one_database_and_others_as_many_as_they_say() {
        for (info, told, count) in [
            ("# Cluster\r\ncluster_enabled:0\r\n", None, 16),
            ("", Some(0), 16),
            ("", Some(3), 3),
            ("# Cluster\r\ncluster_enabled:1\r\n", Some(16), 1),
        ] {
            let mut seen = Seen::new(info, SystemTime::UNIX_EPOCH);
            seen.told_databases = told;
            assert_eq!(seen.databases(), count, "{info:?} {told:?}");
        }
    }
}
