//! How full disks are: the file systems of the host, asked when somebody scrapes, and the writable layers of containers,
//! walked through in the background.

mod file_systems;
mod layers;
mod mounts;
mod open;
mod pace;
mod space;
mod survey;
mod turn;
mod walk;

pub(crate) use file_systems::{FileSystem, FileSystems};
pub(crate) use layers::Layer;
