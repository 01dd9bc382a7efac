//! What groups read: files of a cgroup and of the host. What cannot be read, or not be understood, is reported here.

use std::path::PathBuf;

use kernel_stats::ParseError;

use super::problems::Problems;
use crate::cgroup::{Cgroup, Controller, Files, Name, Unreadable, Version};
use crate::container::Container;
use crate::disk::FileSystems;
use crate::groups::{Calm, HostKills, Undriven};
use crate::process::{self, Namespaces, Process};
use crate::settings::Paths;

/// What a group reads a container from.
pub(crate) struct Source<'r> {
    /// Whose values are read.
    pub(crate) container: &'r Container,
    /// Where the host's file systems are.
    pub(crate) paths: &'r Paths,
    /// How full disks are.
    pub(crate) file_systems: &'r FileSystems,
    /// Whether the values are those of the reading before, in which all could be read.
    pub(crate) has_values: bool,
    /// Whether it is time to read what somebody has set, which seldom changes.
    pub(crate) settings_are_due: bool,
    /// What the root said of disks in the same reading.
    pub(crate) undriven: &'r mut Undriven,
    /// What it said of waiting.
    pub(crate) calm: &'r mut Calm,
    /// Whether the kernel killed anything for want of memory.
    pub(crate) host_kills: &'r mut HostKills,
    pub(super) cgroup: &'r Cgroup,
    pub(super) files: &'r mut Files,
    pub(super) buffer: &'r mut Vec<u8>,
    pub(super) problems: &'r mut Problems,
    pub(super) process: &'r mut Process,
    pub(super) namespaces: &'r mut Namespaces,
    pub(super) own_network: Option<bool>,
}

impl Source<'_> {
    /// Which files the cgroup has.
    pub(crate) fn version(&self) -> Version {
        self.cgroup.version()
    }

    /// A file's bytes; `None` where there is no such file. What cannot be read is reported here.
    pub(crate) fn read(&mut self, controller: Controller, name: &Name) -> Option<&[u8]> {
        match self.files.read(self.cgroup, controller, name, self.buffer) {
            Ok(bytes) => Some(bytes),
            Err(Unreadable::Gone) => None,
            Err(Unreadable::Failed(path, error)) => {
                self.problems.add(|| format!("reading {}: {error}", path.display()));
                None
            }
        }
    }

    /// A file as `parse` understands it; what it does not is reported here and gives `None`.
    pub(crate) fn parse<T>(
        &mut self,
        controller: Controller,
        name: impl Into<Name>,
        parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
    ) -> Option<T> {
        let name = name.into();
        match parse(self.read(controller, &name)?) {
            Ok(value) => Some(value),
            Err(error) => {
                let path = self.cgroup.file(controller, &name).unwrap_or_default();
                self.problems.add(|| format!("parsing {}: {error}", path.display()));
                None
            }
        }
    }

    /// A file of one number.
    pub(crate) fn number(&mut self, controller: Controller, name: impl Into<Name>) -> Option<u64> {
        self.parse(controller, name, kernel_stats::attribute::parse_u64)
    }

    /// A file of one number or `max`, which is `None`, as is no file at all.
    pub(crate) fn limit(&mut self, controller: Controller, name: impl Into<Name>) -> Option<u64> {
        self.parse(controller, name, kernel_stats::attribute::parse_limit)?
    }

    /// Where a file lies, for groups that look at the cgroups below too.
    pub(crate) fn path(&self, controller: Controller, name: &str) -> Option<PathBuf> {
        self.cgroup.file(controller, name)
    }

    /// A file below the host's /proc, opened anew.
    pub(crate) fn parse_proc<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
    ) -> Option<T> {
        let path = self.paths.procfs.join(name);
        let read =
            process::read_file(&path, self.buffer).map_err(|error| format!("reading {}: {error}", path.display()));
        let parsed =
            read.and_then(|()| parse(self.buffer).map_err(|error| format!("parsing {}: {error}", path.display())));
        parsed.map_err(|text| self.problems.add(|| text)).ok()
    }

    /// Something that cannot be read and is there.
    pub(crate) fn problem(&mut self, text: impl FnOnce() -> String) {
        self.problems.add(text);
    }
}
