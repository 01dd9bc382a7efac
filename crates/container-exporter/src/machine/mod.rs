//! The machine: its CPUs, caches, memory and swap, who it is, and which versions run on it.

mod collector;
mod identity;
mod nodes;
mod topology;

pub(crate) use collector::{DockerVersion, Machine, TOPOLOGY};
pub(crate) use identity::Identity;
pub(crate) use nodes::{NodeMemory, huge_pages, read as node_memory};
pub(crate) use topology::{Cache, Core, Node, Topology};
