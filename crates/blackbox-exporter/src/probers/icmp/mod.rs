//! Pings: does an echo come back, and after how long?

mod echo;
mod prober;
mod refusal;
mod round;
mod socket;

pub(super) use prober::SPEC;
