//! Control groups: which hierarchies there are, where a group's files lie, and how they are read.

mod files;
mod hierarchies;

pub(crate) use files::{Files, Name, Places, Unreadable, fill};
pub(crate) use hierarchies::{Cgroup, Controller, Hierarchies, Version};
