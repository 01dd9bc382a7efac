//! Grafana's own types have nothing against the dashboards: grafana/schema/check, with the packages of deploy/prepare.sh test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "these tests run a compiler")]
#![expect(clippy::print_stderr, reason = "they say what they do not test")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where the packages are: $GRAFANA_SCHEMA, else target/tools. `None` is said, and is a failure with PILOTLIGHT_ALL=1.
fn packages() -> Option<PathBuf> {
    let folder =
        env::var_os("GRAFANA_SCHEMA").map_or_else(|| root().join("target/tools/grafana-schema"), PathBuf::from);
    if folder.join("node_modules").is_dir() {
        return Some(folder);
    }
    let all = env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
    assert!(!all, "PILOTLIGHT_ALL=1, and {} has no packages", folder.display());
    eprintln!(
        "no packages in {}: types are not tested; run deploy/prepare.sh test",
        folder.display()
    );
    None
}

/// Whether the types hold, and what the compiler says.
fn check(dashboards: &Path, packages: &Path) -> (bool, String) {
    let output = Command::new(root().join("grafana/schema/check"))
        .args([dashboards, packages])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn the_dashboards_are_what_grafanas_types_say() {
    let Some(packages) = packages() else {
        return;
    };
    let (holds, said) = check(&root().join("grafana/dashboards"), &packages);
    assert!(holds, "{said}");
}

#[test]
fn types_that_do_not_hold_are_noticed() {
    let Some(packages) = packages() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let spoiled = [
        ("unit", "\"unit\": \"s\"", "\"unit\": 1"),
        ("option", "\"graphMode\": \"area\"", "\"graphMode\": \"hills\""),
        ("unknown", "\"graphTooltip\": 1", "\"graphTooltips\": 1"),
        ("custom", "\"lineWidth\": 1", "\"lineWidth\": \"thick\""),
    ];
    let good = fs::read_to_string(root().join("grafana/dashboards/Endpoints/endpoints.json")).unwrap();
    fs::create_dir(folder.path().join("A")).unwrap();
    for (name, from, to) in spoiled {
        assert!(good.contains(from), "{from}");
        fs::write(
            folder.path().join("A").join(name).with_extension("json"),
            good.replacen(from, to, 1),
        )
        .unwrap();
    }
    let (holds, said) = check(folder.path(), &packages);
    assert!(!holds);
    for (name, ..) in spoiled {
        assert!(said.contains(&format!("A-{name}.ts")), "{name}: {said}");
    }
}
