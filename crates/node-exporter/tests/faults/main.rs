//! What happens to the program in bad times: things that hang or vanish under it, clients that are rude or many, and a
//! very long life. Each test prints its figures in one line, and at its end no descriptor and no thread is left over.
//!
//! Slow, and best alone on the machine: `make test-faults`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, prints its figures, and starts the program"
)]

mod client;
mod crowd;
mod exporter;
mod files;
mod hung;
mod long_life;
mod shutdown;
mod slow;
