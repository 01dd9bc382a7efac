//! A dockerd of one's own: in a temporary folder, with a bridge, a cgroup and a socket that nobody else uses, beside
//! whatever other dockerd the machine has, and gone without a trace when it is dropped. Needs root and Debian's docker.io.
//!
//! ```no_run
//! let engine = private_docker::Engine::start(&[])?;
//! let id = engine.run("web", &["serve", "80"], &serde_json::json!({}))?;
//! println!("{} is at {}/{id}", engine.socket().display(), engine.cgroup());
//! # anyhow::Ok(())
//! ```
#![forbid(unsafe_code)]

mod api;
mod bridge;
mod cgroups;
mod engine;
mod image;
mod leftovers;

pub use api::Api;
pub use cgroups::Cgroup;
pub use engine::{Engine, missing};
pub use image::{IMAGE, archive, import};
