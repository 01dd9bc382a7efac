//! The machine as another host sees it: a Prometheus here finds it by its tags on a server that speaks EC2's language, asks it over
//! TLS with a password, and tells when it is gone.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::moto::{KEYS, Moto};

/// Where EC2 says that the machine is. All of 127.0.0.0/8 is this host's own, and nobody else listens there.
const MACHINE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 77, 0, 9), 9100);

/// The password of `basic_auth_users` in the guest's web.yml.
const PASSWORD: &str = "outside";

/// More than the two minutes that TargetDown waits, on a busy machine too.
const TOLD_WITHIN: Duration = Duration::from_secs(600);

const HOST: &str = r#"
import boto3, sys
ec2 = boto3.client("ec2", endpoint_url=sys.argv[1], region_name="eu-central-1")
image = ec2.describe_images()["Images"][0]["ImageId"]
vpc = ec2.create_vpc(CidrBlock="127.77.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="127.77.0.0/24")["Subnet"]["SubnetId"]
tags = [{"Key": key, "Value": value} for key, value in
        {"Name": "web-1", "env": "production", "pilotlight/node-exporter": "on"}.items()]
made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.small", SubnetId=subnet,
                         PrivateIpAddress=sys.argv[2], TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
print(made["Instances"][0]["InstanceId"])
"#;

/// Watches until it is dropped.
pub(crate) struct Outside {
    folder: TempDir,
    /// What the label `instance` must be.
    pub(crate) instance: String,
    address: SocketAddrV4,
    prometheus: Child,
    _moto: Moto,
}

impl Outside {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        certificate(folder.path());
        let moto = Moto::start();
        let ids = moto.told(HOST, &[&MACHINE.ip().to_string()]);
        let address = free_address();
        let config = config(folder.path(), &moto.endpoint);
        fs::write(folder.path().join("prometheus.yml"), config.to_string()).expect("a file");
        let outside = Self {
            instance: format!("web-1 ({})", ids.first().expect("an instance")),
            prometheus: prometheus(folder.path(), address),
            address,
            folder,
            _moto: moto,
        };
        // It knows of the machine before that is there: a quarter of an hour would be lost else.
        outside.until("both jobs", || outside.ask("up", None).len() == 2);
        outside
    }

    /// Of the machine, which has this certificate and key in /packages.
    pub(crate) fn identity(&self) -> [PathBuf; 2] {
        ["exporter.crt", "exporter.key"].map(|file| self.folder.path().join(file))
    }

    /// Forwarded to the exporter's port.
    pub(crate) fn machine(&self) -> SocketAddrV4 {
        MACHINE
    }

    /// Labels and values, now or at a time; none where Prometheus knows of none.
    pub(crate) fn ask(&self, question: &str, time: Option<f64>) -> Vec<(Value, f64)> {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail-with-body", "--get"]);
        command.arg("--data-urlencode").arg(format!("query={question}"));
        if let Some(time) = time {
            command.arg("--data-urlencode").arg(format!("time={time}"));
        }
        let url = format!("http://{}/api/v1/query", self.address);
        let output = command.arg(url).output().expect("curl");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let found = answer["data"]["result"].as_array().into_iter().flatten();
        found
            .map(|sample| {
                let value = sample["value"][1].as_str().expect("a value");
                (sample["metric"].clone(), value.parse().expect("a number"))
            })
            .collect()
    }

    /// The labels of the alert that says that the machine is gone.
    pub(crate) fn alert(&self) -> Value {
        self.until("the alert", || !self.ask(FIRING, None).is_empty());
        let [(labels, _)] = &self.ask(FIRING, None)[..] else {
            panic!("there is more than one");
        };
        labels.clone()
    }

    fn until(&self, what: &str, is_true: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_true() {
            let log = || fs::read_to_string(self.folder.path().join("prometheus.log")).unwrap_or_default();
            assert!(began.elapsed() < TOLD_WITHIN, "never true: {what}\n{}", log());
            thread::sleep(Duration::from_secs(1));
        }
    }
}

/// That the machine is gone.
pub(crate) const FIRING: &str = r#"ALERTS{alertname="TargetDown", job="node", alertstate="firing"}"#;

impl Drop for Outside {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.prometheus.kill().ok();
        self.prometheus.wait().ok();
    }
}

/// The job of deploy/ec2, over TLS with a password; and `stranger`, who knows none.
fn config(folder: &Path, endpoint: &str) -> Value {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize();
    let repository = repository.expect("the repository");
    let text = fs::read_to_string(repository.join("deploy/ec2/prometheus.yml")).expect("a configuration");
    let config: Value = serde_saphyr::from_str(&text).expect("a configuration");
    let mut node = config["scrape_configs"][0].clone();
    assert_eq!(node["job_name"], "node");
    node["ec2_sd_configs"][0]["endpoint"] = json!(endpoint);
    node["scheme"] = json!("https");
    node["tls_config"] = json!({"ca_file": folder.join("exporter.crt")});
    let mut stranger = node.clone();
    stranger["job_name"] = json!("stranger");
    node["basic_auth"] = json!({"username": "prometheus", "password": PASSWORD});
    json!({
        // An emulated machine takes its time.
        "global": {"scrape_interval": "10s", "scrape_timeout": "9s", "evaluation_interval": "5s"},
        "rule_files": [repository.join("prometheus/rules/scrape-alerts.yml")],
        "scrape_configs": [node, stranger],
    })
}

fn free_address() -> SocketAddrV4 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

fn prometheus(folder: &Path, address: SocketAddrV4) -> Child {
    let log = fs::File::create(folder.join("prometheus.log")).expect("a file");
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .envs(KEYS)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn();
    child.unwrap_or_else(|error| panic!("prometheus: {error}; deploy/prepare.sh ec2 gets it"))
}

/// A certificate that vouches for itself, for the machine's address.
fn certificate(folder: &Path) {
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args(["-days", "2", "-subj", "/CN=web-1"])
        .arg("-addext")
        .arg(format!("subjectAltName=IP:{}", MACHINE.ip()))
        .args(["-keyout", "exporter.key", "-out", "exporter.crt"])
        .current_dir(folder)
        .output()
        .expect("openssl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
