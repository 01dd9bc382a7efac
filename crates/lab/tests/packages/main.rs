//! What a host gets: units, manual pages and completions; and, of the packages that `make packages` has made, what is in them and
//! how they come, stay and go. `make test-packages` runs it all, as root.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "these tests run what makes, reads and installs packages, and fail by panicking"
)]

#[path = "../tools/built.rs"]
mod built;
mod contents;
mod life;
mod papers;
mod root;
mod run;
mod script;
mod units;

/// The programs that are daemons, and where each listens.
const DAEMONS: [(&str, u16); 4] = [
    ("node-exporter", 9100),
    ("container-exporter", 8080),
    ("blackbox-exporter", 9115),
    ("redis-exporter", 9121),
];
