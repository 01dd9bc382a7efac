//! What the program is: its name and its flags.

use exporter_toolkit::app::Program;
use exporter_toolkit::flags::{Flag, Habit};
use exposition::Offer;

/// The program as people see it.
pub const PROGRAM: Program = Program {
    name: "demo-app",
    prefix: "demo_app",
    title: "Demo App",
    description: "A sample service to learn on: simulated latency and faults, instrumented in every way.",
    // It can be told to fail, so only this machine reaches it unless somebody decides otherwise.
    listen_address: &["127.0.0.1:8000"],
    // Exemplars are in OpenMetrics.
    offer: Offer::ALL,
    habit: Habit::Kingpin,
    adapt: |_| {},
};

const FLAGS: &[Flag] = &[
    Flag::value(
        "latency-distribution",
        "lognormal",
        "How latencies are spread around their mean: constant, uniform, exponential or lognormal.",
    ),
    Flag::value("latency-mean", "50ms", "The mean latency of answers, from 0s to 10s."),
    Flag::value(
        "error-rate",
        "0.005",
        "The share of requests that are answered 500, from 0 to 1.",
    ),
    Flag::value(
        "cpu-mode",
        "random",
        "What cpu_usage_simulated does: random (0 to 75), spikes (100 and 0, a second each) or high (90 to 100).",
    ),
    Flag::value("ballast-mib", "0", "Memory to take for nothing, in MiB, from 0 to 512."),
    Flag::switch(
        "user-id-label",
        false,
        "Count requests by user, too: what not to do, a series for each user.",
    ),
    Flag::value("users", "1000", "How many users there are, from 1 to 10000."),
    Flag::switch(
        "admin.allow-remote",
        false,
        "Let whoever reaches the server change its settings, also when it does not listen on loopback alone.",
    ),
    Flag::optional(
        "seed",
        "Makes chance repeatable: the same requests in the same order have the same latencies and faults.",
    ),
];

/// All flags of its own.
pub fn flags() -> Vec<Flag> {
    FLAGS.to_vec()
}
