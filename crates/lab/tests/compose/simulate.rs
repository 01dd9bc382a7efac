//! `lab simulate --compose`: alerts that are made to happen on containers.

use std::process::Command;

use serde_json::Value;

use crate::stack::Stack;

/// One of each layer at least. `make test-alerts` plays all that there are, on `lab up`.
const PLAYED: [&str; 10] = [
    "exporter-gone",
    "container-memory",
    "container-oom",
    "container-restarts",
    "app-gone",
    "slow-endpoint",
    "app-errors",
    "app-cpu",
    "redis-gone",
    "prometheus-reload",
];

/// Each was pending, fired, was told, cleared, and was told to be over.
pub(crate) fn alerts_of_each_layer_come_and_go(stack: &mut Stack) {
    let only = std::env::var("ONLY").unwrap_or_else(|_| PLAYED.join(","));
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
    command
        .args(["simulate", "--compose", "--json"])
        .args(["--only", &only])
        .arg(format!("--docker=unix://{}", stack.engine.socket().display()));
    let output = command.output().expect("lab starts");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let complains = String::from_utf8_lossy(&output.stderr);
    assert!(document.is_object(), "{complains}");
    let scenarios = document["scenarios"].as_array().expect("a list");
    for scenario in scenarios {
        for alert in scenario["alerts"].as_array().expect("a list") {
            let seconds = ["pending", "firing", "told", "resolved", "told_resolved"].map(|step| alert[step].as_f64());
            eprintln!("{} {}: {seconds:?}", scenario["name"], alert["alert"]);
            let is_whole = seconds[1..].iter().all(Option::is_some);
            assert!(scenario["outcome"] == "ok" && is_whole, "{scenario:#}");
        }
    }
    assert!(output.status.success() && !scenarios.is_empty());
}
