//! A copy of the real prometheus/ folder with a few texts replaced.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::harness::{OURS, Ports, address};

/// Copies prometheus.yml, blackbox.yml, rules/*.yml, targets/*.yml and Alertmanager's configuration. Every text to replace
/// must be there, so that a test cannot go on with the real value when the file is reworded.
pub(crate) fn copy_with(ports: &Ports, replacements: &[(&str, &str)]) -> TempDir {
    let to = tempfile::tempdir().expect("a temporary directory");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../prometheus");
    let ours = OURS
        .iter()
        .map(|(name, listen, _)| ((*listen).to_owned(), address(ports.of(name))));
    let prometheus = ("127.0.0.1:9090".to_owned(), ports.prometheus_address());
    let given = replacements
        .iter()
        .map(|(old, new)| ((*old).to_owned(), (*new).to_owned()));
    let others = [
        prometheus,
        ("127.0.0.1:9093".to_owned(), address(ports.alertmanager)),
        ("127.0.0.1:9099".to_owned(), address(ports.console)),
    ];
    let all: Vec<_> = given.chain(ours).chain(others).collect();
    let mut found = vec![false; all.len()];
    for folder in FOLDERS {
        fs::create_dir(to.path().join(folder)).expect("a folder in the copy");
    }
    let alertmanager = from.join("../deploy/alertmanager/alertmanager.yml");
    let files = yaml_files(&from).into_iter().map(|file| (from.join(&file), file));
    for (path, file) in files.chain([(alertmanager, "alertmanager.yml".to_owned())]) {
        let mut text = fs::read_to_string(path).expect("a text file");
        for ((old, new), found) in all.iter().zip(&mut found) {
            *found |= text.contains(old);
            text = text.replace(old, new);
        }
        fs::write(to.path().join(&file), text).expect("the copy can be written");
    }
    for ((old, _), found) in all.iter().zip(found) {
        assert!(found, "prometheus/ no longer has {old:?}");
    }
    to
}

const FOLDERS: [&str; 2] = ["rules", "targets"];

fn yaml_files(prometheus: &Path) -> Vec<String> {
    let mut files = ["prometheus.yml", "blackbox.yml"].map(str::to_owned).to_vec();
    for folder in FOLDERS {
        let entries = fs::read_dir(prometheus.join(folder)).expect("a folder of prometheus/");
        let names = entries.map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a plain name")
        });
        let yaml = names.filter(|name| name.ends_with(".yml"));
        files.extend(yaml.map(|name| format!("{folder}/{name}")));
    }
    files
}
