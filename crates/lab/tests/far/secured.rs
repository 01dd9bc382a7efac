//! Over the web configurations of deploy/web-config, the exporters are scraped with prometheus/secured.yml, and nobody else gets in.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    running::{Prometheus, Running},
    site::{PASSWORD, Site, WAYS, configured},
    tools,
};

/// Our exporters by the jobs that ask them.
const EXPORTERS: [(&str, &str); 4] = [
    ("node", "node-exporter"),
    ("containers", "container-exporter"),
    ("blackbox", "blackbox-exporter"),
    ("redis", "redis-exporter"),
];

/// secured.yml with its targets and secrets, in a folder of its own.
fn prometheus_of(site: &Site, folder: &Path, targets: &[(&str, Vec<String>)]) -> std::path::PathBuf {
    std::os::unix::fs::symlink(site.path("prometheus"), folder.join("tls")).expect("the folder is ours");
    configured(folder, "secured.yml", targets)
}

#[test]
fn prometheus_scrapes_every_exporter_in_each_way() {
    let site = Site::new();
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = Vec::new();
    let targets = EXPORTERS.map(|(job, name)| {
        let addresses = WAYS.map(|way| {
            let one = site.exporter(name, way);
            let address = one.address().to_owned();
            running.push(one);
            address
        });
        (job, addresses.to_vec())
    });
    let config = prometheus_of(&site, folder.path(), &targets);
    // The first answer takes bcrypt, which takes its time where nothing is optimized.
    let text = fs::read_to_string(&config).expect("a text file");
    fs::write(&config, text.replace("interval: 1s", "interval: 10s")).expect("the folder is ours");
    let Some(mut prometheus) = started(&config) else { return };
    let expected = format!("count(up == 1) == {}", EXPORTERS.len() * WAYS.len());
    prometheus.wait_until("all are up", |one| !one.query(&expected).is_empty());
    for sample in [
        "node_load1",
        "container_scrape_error",
        "blackbox_exporter_build_info",
        "redis_exporter_build_info",
    ] {
        let found = prometheus.query(&format!("count({sample})"));
        let number = found.first().map(|one| one["value"][1].clone());
        assert_eq!(number, Some(WAYS.len().to_string().into()), "{sample}");
    }
}

#[test]
fn without_its_secrets_prometheus_is_refused() {
    let site = Site::new();
    let folder = tempfile::tempdir().expect("a folder");
    let running = WAYS.map(|way| site.exporter("node-exporter", way));
    let addresses = running.each_ref().map(|one| one.address().to_owned());
    let config = prometheus_of(&site, folder.path(), &[("node", addresses.to_vec())]);
    let text = fs::read_to_string(&config).expect("a text file");
    let secrets = ["cert_file", "key_file", "basic_auth", "username", "password_file"];
    let without = text
        .lines()
        .filter(|line| !secrets.iter().any(|key| line.trim_start().starts_with(key)));
    fs::write(&config, without.collect::<Vec<_>>().join("\n")).expect("the folder is ours");
    let Some(mut prometheus) = started(&config) else { return };
    prometheus.wait_until("all were asked", |one| errors(one).len() == WAYS.len());
    prometheus.wait_until("all have answered", |one| {
        errors(one).iter().filter(|(_, health, _)| health != "unknown").count() == WAYS.len()
    });
    let found = errors(&prometheus);
    // Who has no certificate is told so, and may be at its first words still when the connection ends.
    let refused = ["tls:", "broken pipe", "connection reset"].as_slice();
    for (address, (health, complaints)) in
        addresses
            .iter()
            .zip([("up", [""].as_slice()), ("down", &["401"]), ("down", refused)])
    {
        let (_, is, error) = found
            .iter()
            .find(|one| one.0.contains(address.as_str()))
            .expect("a target");
        let is_known = complaints.iter().any(|complaint| error.contains(complaint));
        assert!(is == health && is_known, "{address} is {is}: {error}");
    }
}

/// URL, health and last error of each target.
fn errors(prometheus: &Running) -> Vec<(String, String, String)> {
    let answer: Value = serde_json::from_str(&prometheus.get("/api/v1/targets")).unwrap_or_default();
    let targets = answer["data"]["activeTargets"].as_array().cloned().unwrap_or_default();
    let text = |target: &Value, key: &str| target[key].as_str().unwrap_or_default().to_owned();
    targets
        .iter()
        .map(|target| {
            (
                text(target, "scrapeUrl"),
                text(target, "health"),
                text(target, "lastError"),
            )
        })
        .collect()
}

fn started(config: &Path) -> Option<Running> {
    let prometheus = Prometheus {
        config,
        is_agent: false,
        replica: "",
    };
    prometheus.start()
}

/// The status that curl is given, and how it ends.
pub(crate) fn curl(url: &str, arguments: &[&str]) -> (String, i32) {
    let output = Command::new("curl")
        .args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"])
        .args(["--noproxy", "*", "--max-time", "20"])
        .args(arguments)
        .arg(url)
        .output()
        .expect("curl is there: deploy/prepare.sh test gets it");
    let status = String::from_utf8_lossy(&output.stdout).into_owned();
    (status, output.status.code().expect("it ends by itself"))
}

#[test]
fn whoever_else_asks_is_refused() {
    let (site, stranger) = (Site::new(), Site::bare());
    let [tls, basic, mutual] = WAYS.map(|way| site.exporter("node-exporter", way));
    let file = |site: &Site, name: &str| site.path(name).display().to_string();
    let ours = ["--cacert".to_owned(), file(&site, "prometheus/ca.crt")];
    let theirs = ["--cacert".to_owned(), file(&stranger, "prometheus/ca.crt")];
    let client = |site: &Site, name: &str| {
        let of = |kind: &str| file(site, &format!("{name}.{kind}"));
        [
            &ours[..],
            &["--cert".to_owned(), of("crt"), "--key".to_owned(), of("key")],
        ]
        .concat()
    };
    let user = |user: String| [&ours[..], &["--user".to_owned(), user]].concat();
    for (what, exporter, arguments, status) in [
        ("anybody, encrypted", &tls, ours.to_vec(), "200"),
        ("who trusts another authority", &tls, theirs.to_vec(), "000"),
        ("nobody in particular", &basic, ours.to_vec(), "401"),
        ("a wrong password", &basic, user("prometheus:wrong".to_owned()), "401"),
        ("a wrong user", &basic, user(format!("admin:{PASSWORD}")), "401"),
        ("the password", &basic, user(format!("prometheus:{PASSWORD}")), "200"),
        ("no certificate", &mutual, ours.to_vec(), "000"),
        (
            "a stranger's certificate",
            &mutual,
            client(&stranger, "prometheus/client"),
            "000",
        ),
        (
            "a host's certificate",
            &mutual,
            client(&site, "hosts/127.0.0.1/exporter"),
            "000",
        ),
        ("another client's", &mutual, client(&site, site.another_client()), "000"),
        (
            "Prometheus' certificate",
            &mutual,
            client(&site, "prometheus/client"),
            "200",
        ),
    ] {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let url = format!("https://{}/metrics", exporter.address());
        let (found, end) = curl(&url, &arguments);
        assert_eq!(found, status, "{what}: curl ended with {end}");
        assert_eq!(end == 0, status != "000", "{what}: curl ended with {end}");
    }
    for exporter in [&tls, &basic, &mutual] {
        let (status, end) = curl(&format!("http://{}/metrics", exporter.address()), &[]);
        assert!(end != 0 || status == "400", "without TLS: {status}");
    }
}

#[test]
fn without_a_hash_for_the_password_nothing_starts() {
    let site = Site::new();
    let shipped = tools::root().join("deploy/web-config/tls-basic-auth.yml");
    fs::copy(shipped, site.web_config("tls-basic-auth")).expect("the folder is ours");
    let output = Command::new(crate::built::built("node-exporter"))
        .arg("--web.listen-address=127.0.0.1:0")
        .arg(format!(
            "--web.config.file={}",
            site.web_config("tls-basic-auth").display()
        ))
        .output()
        .expect("it can be started");
    let said = tools::text(&output);
    assert!(
        !output.status.success() && said.contains("the hash of \"prometheus\" is of no use"),
        "{said}"
    );
}
