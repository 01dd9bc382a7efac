//! What a container is made of and may use, as cAdvisor names it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::moment;
use super::stats;
use crate::cgroup::{Controller, Version};
use crate::container::Container;
use crate::reader::Row;

/// A container's specification.
#[derive(Debug, Serialize)]
pub(super) struct ContainerSpec<'r> {
    creation_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<&'r BTreeMap<String, String>>,
    has_cpu: bool,
    cpu: MaskedCpuSpec,
    has_memory: bool,
    memory: MemorySpec,
    has_hugetlb: bool,
    has_network: bool,
    has_processes: bool,
    processes: ProcessSpec,
    has_filesystem: bool,
    has_diskio: bool,
    has_custom_metrics: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'r str>,
}

/// [`CpuSpec`] with the CPUs that it may run on.
#[derive(Debug, Serialize)]
struct MaskedCpuSpec {
    #[serde(flatten)]
    spec: CpuSpec,
    /// As in `0-1`; empty where that is not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    mask: String,
}

/// What it may use of CPUs.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct CpuSpec {
    /// Its weight against its siblings.
    pub(super) limit: u64,
    /// Always 0.
    pub(super) max_limit: u64,
    /// CPU time in each period, in microseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) quota: u64,
    /// The period, in microseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) period: u64,
}

/// What it may use of memory, in bytes.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct MemorySpec {
    /// Of memory.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) limit: u64,
    /// What it keeps when memory runs short.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) reservation: u64,
    /// Of memory and swap.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) swap_limit: u64,
}

/// How many tasks it may have.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct ProcessSpec {
    /// All together.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) limit: u64,
}

impl<'r> ContainerSpec<'r> {
    pub(super) fn new(row: &'r Row) -> Self {
        let container = row.container.as_ref();
        let facts = container.facts.as_deref();
        let has = stats::present(&row.stats);
        Self {
            creation_time: moment::text(facts.and_then(|facts| facts.created).or(container.made)),
            labels: facts.map(|facts| &facts.labels).filter(|labels| !labels.is_empty()),
            has_cpu: has.cpu,
            cpu: MaskedCpuSpec {
                spec: stats::cpu_spec(&row.stats),
                mask: mask(container),
            },
            has_memory: has.memory,
            memory: stats::memory_spec(&row.stats),
            has_hugetlb: has.huge_pages,
            has_network: has.network,
            has_processes: has.processes,
            processes: stats::process_spec(&row.stats),
            has_filesystem: has.file_systems,
            has_diskio: has.disk_io,
            has_custom_metrics: false,
            image: facts
                .map(|facts| facts.image.as_str())
                .filter(|image| !image.is_empty()),
        }
    }
}

/// No metric tells it, so no group reads it.
fn mask(container: &Container) -> String {
    let path = container.cgroup.as_ref().and_then(|cgroup| {
        let name = match cgroup.version() {
            Version::V1 => "cpuset.cpus",
            Version::V2 => "cpuset.cpus.effective",
        };
        cgroup.file(Controller::Cpuset, name)
    });
    let text = path.and_then(|path| std::fs::read_to_string(path).ok());
    text.unwrap_or_default().trim().to_owned()
}

pub(super) fn is_zero(number: &u64) -> bool {
    *number == 0
}
