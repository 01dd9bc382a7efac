//! deploy/ec2: what install.sh would do on which host, what it does in a root of Debian's, and, where `deploy/prepare.sh ec2` has got
//! their tools, the templates and a discovery by Prometheus from a server that speaks EC2's language. `make test-ec2` runs it all.
#![expect(
    clippy::disallowed_methods,
    reason = "these tests run scripts and servers, and wait for them"
)]

#[path = "tools/moto.rs"]
mod moto;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

use moto::{KEYS, Moto, tool};

fn ec2() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/ec2")
}

fn text(output: &Output) -> String {
    let parts = [&output.stdout, &output.stderr].map(|part| String::from_utf8_lossy(part).into_owned());
    parts.concat()
}

/// A folder as `make packages` fills it, with files that are none.
fn packages() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let names = [
        "node-exporter_0.1.0-1_amd64.deb",
        "node-exporter_0.1.0-1_arm64.deb",
        "node-exporter-0.1.0-1.x86_64.rpm",
        "node-exporter-0.1.0-1.aarch64.rpm",
        "node-exporter-0.1.0.linux-amd64.tar.gz",
        "node-exporter-0.1.0.linux-arm64.tar.gz",
    ];
    for name in names {
        fs::write(folder.path().join(name), name).expect("a file");
    }
    let sums = Command::new("sha256sum")
        .args(names)
        .current_dir(folder.path())
        .output();
    fs::write(folder.path().join("sha256sums.txt"), sums.expect("sha256sum").stdout).expect("a file");
    folder
}

fn install(from: &Path, release: &str, machine: &str, arguments: &[&str]) -> Output {
    let os_release = from.join("os-release");
    fs::write(&os_release, release).expect("a file");
    let mut command = Command::new("bash");
    command
        .arg(ec2().join("install.sh"))
        .arg("--from")
        .arg(from)
        .args(arguments);
    command.env("OS_RELEASE", os_release).env("MACHINE", machine);
    command.output().expect("bash")
}

#[test]
fn each_distribution_and_architecture_gets_its_package() {
    let packages = packages();
    for (release, machine, file) in [
        ("ID=debian", "x86_64", "node-exporter_0.1.0-1_amd64.deb"),
        (
            "ID=ubuntu\nID_LIKE=debian",
            "aarch64",
            "node-exporter_0.1.0-1_arm64.deb",
        ),
        (
            "ID=linuxmint\nID_LIKE=\"ubuntu debian\"",
            "x86_64",
            "node-exporter_0.1.0-1_amd64.deb",
        ),
        (
            "ID=\"amzn\"\nID_LIKE=\"fedora\"",
            "aarch64",
            "node-exporter-0.1.0-1.aarch64.rpm",
        ),
        (
            "ID=rocky\nID_LIKE=\"rhel centos fedora\"",
            "x86_64",
            "node-exporter-0.1.0-1.x86_64.rpm",
        ),
        (
            "ID=opensuse-leap\nID_LIKE=\"suse opensuse\"",
            "x86_64",
            "node-exporter-0.1.0-1.x86_64.rpm",
        ),
        ("ID=arch", "x86_64", "node-exporter-0.1.0.linux-amd64.tar.gz"),
        (
            "ID=flatcar\nID_LIKE=coreos",
            "arm64",
            "node-exporter-0.1.0.linux-arm64.tar.gz",
        ),
    ] {
        let output = install(packages.path(), release, machine, &["--dry-run", "node-exporter"]);
        assert_eq!(
            text(&output),
            format!("install: would install {file}\n"),
            "{release} on {machine}"
        );
    }
}

#[test]
fn what_cannot_be_trusted_or_is_not_there_is_refused() {
    let packages = packages();
    let other = "0".repeat(64);
    for (machine, arguments, complaint) in [
        ("riscv64", &["node-exporter"][..], "no packages for riscv64"),
        ("x86_64", &["mysqld-exporter"], "no exporter mysqld-exporter"),
        ("x86_64", &["redis-exporter"], "has no deb of redis-exporter for x86_64"),
        (
            "x86_64",
            &["--sums", &other, "node-exporter"],
            "sha256sums.txt is another one",
        ),
        (
            "x86_64",
            &["--from", "http://example.com", "node-exporter"],
            "only https",
        ),
        ("x86_64", &["--force", "node-exporter"], "unknown option --force"),
    ] {
        let output = install(packages.path(), "ID=debian", machine, arguments);
        assert!(
            !output.status.success() && text(&output).contains(complaint),
            "{arguments:?}: {}",
            text(&output)
        );
    }
}

#[test]
fn a_package_that_was_changed_is_not_installed() {
    let packages = packages();
    let name = "node-exporter-0.1.0.linux-amd64.tar.gz";
    fs::write(packages.path().join(name), "something else").expect("a file");
    let output = install(packages.path(), "ID=arch", "x86_64", &["node-exporter"]);
    let complaint = format!("{name} has another checksum than sha256sums.txt says: nothing was done");
    assert!(
        !output.status.success() && text(&output).contains(&complaint),
        "{}",
        text(&output)
    );
}

/// What else `deploy/prepare.sh ec2` gets.
fn prepared(name: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/tools")
        .join(name);
    assert!(file.exists(), "no {}: deploy/prepare.sh ec2 gets it", file.display());
    file
}

#[test]
#[ignore = "needs cfn-lint: make test-ec2"]
fn the_template_is_one_of_cloudformations() {
    let output = Command::new(tool("cfn-lint"))
        .arg(ec2().join("cloudformation.yaml"))
        .output();
    let output = output.expect("cfn-lint");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
#[ignore = "needs checkov: make test-ec2"]
fn the_templates_are_as_safe_as_they_can_be() {
    let output = Command::new(prepared("checkov/bin/checkov"))
        .args(["--compact", "--quiet", "--skip-download", "--directory"])
        .arg(ec2())
        .output();
    let output = output.expect("checkov");
    assert!(output.status.success(), "{}", text(&output));
}

/// The user data of the CloudFormation template, which has no loops and so no blanks but its parameters.
fn user_data_of_the_template() -> String {
    let template = fs::read_to_string(ec2().join("cloudformation.yaml")).expect("a template");
    let (_, rest) = template.split_once("Fn::Base64: !Sub |\n").expect("user data");
    let lines = rest.lines().map_while(|line| line.strip_prefix("          "));
    let data: String = lines.map(|line| format!("{line}\n")).collect();
    data.replace("${", "").replace('}', "")
}

/// The user data as Terraform makes it of two exporters, one of them with flags.
fn user_data_of_terraform() -> String {
    let template = fs::read_to_string(ec2().join("user-data.yaml.tftpl")).expect("a template");
    let lines = template.lines().filter(|line| !line.starts_with("%{"));
    let data: String = lines.map(|line| format!("{line}\n")).collect();
    data.replace("${arguments[name]}", "--collector.systemd")
        .replace("${join(\" \", exporters)}", "node-exporter redis-exporter")
        .replace("${", "")
        .replace('}', "")
}

#[test]
#[ignore = "needs cloud-init: make test-ec2"]
fn cloud_init_accepts_the_user_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |data: &str| {
        let file = folder.path().join("user-data");
        fs::write(&file, data).expect("the folder is ours");
        let output = Command::new(tool("python"))
            .args(["-W", "ignore", "-m", "cloudinit.config.schema", "--config-file"])
            .arg(&file)
            .env("PYTHONPATH", prepared("cloud-init/usr/lib/python3/dist-packages"))
            .output();
        output.expect("python")
    };
    for data in [user_data_of_the_template(), user_data_of_terraform()] {
        assert!(
            data.starts_with("#cloud-config\n") && data.contains("install.sh"),
            "{data}"
        );
        assert!(data.len() < 16 * 1024, "EC2 takes no more");
        let output = check(&data);
        assert!(output.status.success(), "{}\n{data}", text(&output));
        let output = check(&data.replace("permissions:", "permission:"));
        assert!(!output.status.success(), "anything would be accepted");
    }
}

#[test]
#[ignore = "uses terraform where there is one: make test-ec2"]
fn terraforms_own_tests_hold() {
    let terraform = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .current_dir(folder)
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("TF_DATA_DIR", folder.join(".data"));
        command.output()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let copy = Command::new("cp")
        .arg("-r")
        .arg(ec2())
        .arg(folder.path().join("ec2"))
        .status();
    assert!(copy.expect("cp").success());
    let all = folder.path().join("ec2/terraform");
    let Ok(output) = terraform(&all, &["fmt", "-check", "-diff", "-recursive"]) else {
        eprintln!("no terraform on PATH, and no package of Debian's or PyPI's has it: its tests are left out");
        return;
    };
    assert!(output.status.success(), "{}", text(&output));
    for arguments in [&["init", "-no-color"][..], &["test", "-no-color"]] {
        let output = terraform(&all.join("hosts"), arguments).expect("terraform");
        assert!(output.status.success(), "{}", text(&output));
    }
}

/// Three hosts: two to be asked, one of them without a name, and one that is stopped.
const HOSTS: &str = r#"
import boto3, sys
ec2 = boto3.client("ec2", endpoint_url=sys.argv[1], region_name="eu-central-1")
image = ec2.describe_images()["Images"][0]["ImageId"]
def host(**tags):
    tags = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.small",
                             TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
    return made["Instances"][0]["InstanceId"]
on = {"pilotlight/node-exporter": "on"}
print(host(Name="web-1", env="production", **on))
print(host(**on))
stopped = host(Name="old", **on)
ec2.stop_instances(InstanceIds=[stopped])
host(Name="other")
"#;

#[test]
#[ignore = "needs moto and promtool: make test-ec2"]
fn prometheus_finds_hosts_by_their_tags() {
    let moto = Moto::start();
    let ids = moto.told(HOSTS, &[]);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("prometheus.yml");
    let config = fs::read_to_string(ec2().join("prometheus.yml")).expect("a configuration");
    let config = config.replace(
        "region: eu-central-1\n",
        &format!("region: eu-central-1\n        endpoint: {}\n", moto.endpoint),
    );
    fs::write(&file, config).expect("a file");
    let output = Command::new("promtool")
        .args(["check", "service-discovery", "--timeout=30s"])
        .arg(&file)
        .arg("node")
        .envs(KEYS)
        .output()
        .unwrap_or_else(|error| panic!("promtool: {error}"));
    let found: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
    let mut instances: Vec<_> = found
        .as_array()
        .into_iter()
        .flatten()
        .map(|target| {
            let label = |name: &str| target["labels"][name].as_str().unwrap_or_default().to_owned();
            assert!(label("__address__").ends_with(":9100"), "{target}");
            assert!(label("zone").starts_with("eu-central-1"), "{target}");
            assert_eq!(label("instance_type"), "t3.small", "{target}");
            (label("instance"), label("env"))
        })
        .collect();
    let mut expected = vec![
        (format!("web-1 ({})", ids[0]), "production".to_owned()),
        (ids[1].clone(), String::new()),
    ];
    instances.sort();
    expected.sort();
    assert_eq!(instances, expected);
}
