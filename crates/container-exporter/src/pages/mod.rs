//! What a person sees in a browser: all containers at `/containers/` and `/docker/`, each on a page of its own.

mod address;
mod api;
mod assets;
#[cfg(test)]
mod browser;
mod detail;
mod frame;
mod list;
mod place;
mod site;
mod summary;
mod table;
mod units;
mod values;
mod view;
mod worker;

pub(crate) use api::Machine;
pub(crate) use site::{ContainerPages, ReadMachine, Troubles};
