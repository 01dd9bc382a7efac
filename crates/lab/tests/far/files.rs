//! The files themselves: promtool accepts them, and they say of each job what the others say.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    site::{Site, WAYS},
    tools,
};

fn yaml(name: &str) -> Value {
    let text = fs::read_to_string(tools::root().join(name)).expect("a text file");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The jobs of a file without the keys that are named.
fn jobs(name: &str, without: &[&str]) -> Vec<Value> {
    let mut jobs = yaml(name)["scrape_configs"].as_array().expect("jobs").clone();
    for job in &mut jobs {
        let job = job.as_object_mut().expect("a job");
        job.retain(|key, _| !without.contains(&key.as_str()));
    }
    jobs
}

const SECURITY: [&str; 3] = ["scheme", "tls_config", "basic_auth"];

#[test]
fn jobs_are_those_of_one_machine() {
    let known = jobs("prometheus/prometheus.yml", &[]);
    for (file, without) in [
        ("prometheus/secured.yml", &SECURITY[..]),
        ("prometheus/agent.yml", &[]),
        ("prometheus/replica.yml", &[]),
        ("prometheus/shard.yml", &["relabel_configs"]),
    ] {
        for job in jobs(file, without) {
            assert!(known.contains(&job), "{file}: {job} is not that of prometheus.yml");
        }
    }
}

#[test]
fn on_ec2_secured_jobs_find_the_same_hosts() {
    assert_eq!(
        jobs("deploy/ec2/prometheus-tls.yml", &SECURITY),
        jobs("deploy/ec2/prometheus.yml", &[])
    );
}

#[test]
fn every_secured_job_is_secured_in_the_same_way() {
    for file in ["prometheus/secured.yml", "deploy/ec2/prometheus-tls.yml"] {
        let jobs = jobs(file, &[]);
        for job in &jobs {
            assert_eq!(job["scheme"], "https", "{file}: {job}");
            for key in SECURITY {
                assert!(!job[key].is_null(), "{file}: {job}");
                assert_eq!(job[key], jobs[0][key], "{file}: {job}");
            }
        }
    }
}

fn promtool(arguments: &[&str], file: &Path) {
    let Some(promtool) = tools::find(&["promtool"]) else {
        return;
    };
    let output = Command::new(promtool).args(arguments).arg(file).output();
    let output = output.expect("promtool can be started");
    assert!(output.status.success(), "{}", tools::text(&output));
}

#[test]
fn promtool_accepts_the_configurations() {
    let root = tools::root();
    promtool(&["check", "config", "--agent"], &root.join("prometheus/agent.yml"));
    promtool(&["check", "config"], &root.join("prometheus/shard.yml"));
    promtool(&["check", "config"], &root.join("prometheus/replica.yml"));
    // These name files that are nobody's business but the site's.
    let site = Site::new();
    for name in ["prometheus/secured.yml", "deploy/ec2/prometheus-tls.yml"] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("prometheus.yml");
        fs::copy(root.join(name), &file).expect("the folder is ours");
        std::os::unix::fs::symlink(site.path("prometheus"), folder.path().join("tls")).expect("the folder is ours");
        promtool(&["check", "config"], &file);
    }
}

#[test]
fn upstreams_own_check_accepts_the_web_configurations() {
    let site = Site::new();
    for way in WAYS {
        let file = site.web_config(way);
        let text = fs::read_to_string(&file).expect("a text file");
        // A key that older promtools do not know yet.
        let known = text.lines().filter(|line| !line.contains("client_allowed_sans"));
        fs::write(&file, known.collect::<Vec<_>>().join("\n")).expect("the folder is ours");
        promtool(&["check", "web-config"], &file);
    }
}
