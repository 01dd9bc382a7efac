//! Two Prometheis with prometheus/shard.yml share a list of targets.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{
    running::{Prometheus, Running, exporter, free_address, said},
    site::configured,
    store::victoria_metrics,
    tools,
};

/// Who is asked by a shard that has found its targets.
fn asked(shard: &Running) -> BTreeSet<String> {
    let up = shard.query("up == 1");
    up.iter()
        .map(|one| one["metric"]["instance"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The shard of this number, as the file's own command makes it.
fn shard_file(folder: &Path, number: usize, targets: &[String]) -> std::path::PathBuf {
    let folder = folder.join(number.to_string());
    fs::create_dir(&folder).expect("the folder is ours");
    let file = configured(&folder, "shard.yml", &[("node", targets.to_vec())]);
    let shipped = fs::read_to_string(tools::root().join("prometheus/shard.yml")).expect("a text file");
    let command = shipped
        .lines()
        .find_map(|line| line.split_once("#   sed "))
        .expect("a command")
        .1;
    if number == 1 {
        let (script, _) = command.split_once(" prometheus/shard.yml").expect("a command");
        said("sed", &["-i", script.trim_matches('\''), file.to_str().expect("text")]);
    }
    file
}

#[test]
fn each_target_is_asked_by_just_one() {
    let folder = tempfile::tempdir().expect("a folder");
    // One exporter under many addresses.
    let first = free_address();
    let port = first.rsplit_once(':').expect("an address").1;
    let targets: Vec<String> = (1..=16).map(|host| format!("127.0.0.{host}:{port}")).collect();
    let flags: Vec<String> = targets
        .iter()
        .map(|one| format!("--web.listen-address={one}"))
        .collect();
    let _node = exporter("node-exporter", folder.path(), &flags);
    let store_address = free_address();
    let store = victoria_metrics(folder.path(), &store_address, &["-search.latencyOffset=0s"]);
    let mut shards = Vec::new();
    for number in 0..2 {
        let config = shard_file(folder.path(), number, &targets);
        let text = fs::read_to_string(&config).expect("a text file");
        fs::write(&config, text.replace("127.0.0.1:8428", &store_address)).expect("the folder is ours");
        let prometheus = Prometheus {
            config: &config,
            is_agent: false,
            replica: "",
        };
        let Some(shard) = prometheus.start() else { return };
        shards.push(shard);
    }
    let [one, other] = shards.as_mut_slice() else { return };
    one.wait_until("all are asked", |one| {
        asked(one).len() + asked(other).len() >= targets.len()
    });
    let [one, other] = [asked(one), asked(other)];
    assert!(
        !one.is_empty() && !other.is_empty() && one.is_disjoint(&other),
        "{one:?} {other:?}"
    );
    assert_eq!(&one | &other, targets.iter().cloned().collect());

    let Some(mut store) = store else { return };
    store.wait_until("the store has all", |store| asked(store).len() == targets.len());
    let by_shard = store.query("count by (shard) (up)");
    assert_eq!(by_shard.len(), 2, "{by_shard:?}");
}
