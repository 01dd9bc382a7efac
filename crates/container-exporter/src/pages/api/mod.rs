//! cAdvisor's interface for programs, by its paths and names: `/api/v1.3/containers/…`, `/api/v1.3/docker/…`,
//! `/api/v1.3/machine` and their like. Nothing is stored here, so where cAdvisor lists the values of the last minutes,
//! there is one entry: the present one.

mod answer;
mod container;
mod host;
mod machine;
mod moment;
mod request;
mod spec;
mod stats;

pub(super) use answer::{ApiError, answer};
pub(crate) use machine::Machine;
pub(super) use request::Request;
