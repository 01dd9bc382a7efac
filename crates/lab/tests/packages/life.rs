//! How packages come, stay and go, in a root of Debian's.

use std::fs;

use crate::{
    DAEMONS,
    contents::{deb, rpm},
    root::Root,
    run::said,
};

/// What an administrator has written.
const EDITED: &str = "ARGS=\"--log.level=debug\"\n";

/// Those with a user of their own.
const USERS: [&str; 2] = ["node-exporter", "container-exporter"];

/// The same package as a later version, which brings another default and another blackbox.yml.
pub(crate) fn later(root: &Root, name: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join("x").join(path);
    said(
        "dpkg-deb",
        &["--raw-extract", &deb(name), &at("").display().to_string()],
    );
    let control = fs::read_to_string(at("DEBIAN/control")).expect("a control file");
    let control: Vec<_> = control
        .lines()
        .map(|line| {
            if line.starts_with("Version: ") {
                "Version: 99-1"
            } else {
                line
            }
        })
        .collect();
    fs::write(at("DEBIAN/control"), control.join("\n") + "\n").expect("the version is written");
    for file in ["etc/default", "etc/blackbox-exporter"] {
        for entry in fs::read_dir(at(file)).into_iter().flatten().flatten() {
            let text = fs::read_to_string(entry.path()).expect("a text") + "# Of the later version.\n";
            fs::write(entry.path(), text).expect("it is written");
        }
    }
    let package = format!("/{name}-later.deb");
    let to = root.file(&package).display().to_string();
    said(
        "dpkg-deb",
        &[
            "--root-owner-group",
            "--build",
            "-Zgzip",
            &at("").display().to_string(),
            &to,
        ],
    );
    package
}

#[test]
#[ignore = "needs packages and root: make test-packages"]
fn a_deb_comes_stays_and_goes() {
    let root = Root::new();
    for (name, _) in DAEMONS {
        let before = root.inventory();
        let (program, defaults) = (format!("/usr/bin/{name}"), format!("/etc/default/{name}"));
        let enabled = format!("/etc/systemd/system/multi-user.target.wants/{name}.service");

        root.bring(&deb(name), "/package.deb");
        root.run("dpkg --install /package.deb && rm /package.deb");
        assert!(
            root.run(&format!("{name} --version")).contains("version 0.1.0"),
            "{name}"
        );
        assert!(root.has(&enabled), "{name} starts with the machine");
        assert!(
            !root.has(&format!("/etc/systemd/system/sockets.target.wants/{name}.socket")),
            "{name}: the socket is for those who ask for it"
        );
        let has_user = root.read("/etc/passwd").contains(&format!("\n{name}:"));
        assert_eq!(has_user, USERS.contains(&name), "{name}");

        fs::write(root.file(&defaults), EDITED).expect("it can be edited");
        let package = later(&root, name);
        root.run(&format!(
            "dpkg --force-confdef --force-confold --install {package} && rm {package}"
        ));
        assert_eq!(root.read(&defaults), EDITED, "{name}: what was edited stays");
        assert!(
            root.has(&format!("{defaults}.dpkg-dist")),
            "{name}: the new one lies beside it"
        );
        if name == "blackbox-exporter" {
            let modules = root.read("/etc/blackbox-exporter/blackbox.yml");
            assert!(
                modules.ends_with("# Of the later version.\n"),
                "what was not edited is new"
            );
        }

        root.run(&format!("dpkg --remove {name}"));
        assert!(!root.has(&program), "{name}: removed");
        assert_eq!(
            root.read(&defaults),
            EDITED,
            "{name}: the configuration outlives the program"
        );

        root.run(&format!("dpkg --purge {name}"));
        let left: Vec<_> = root
            .inventory()
            .into_iter()
            .filter(|line| !before.contains(line))
            .collect();
        assert_eq!(left, Vec::<String>::new(), "{name}: purge leaves nothing");
    }
}

#[test]
#[ignore = "needs packages and root: make test-packages"]
fn docker_is_asked_where_it_is_when_the_package_comes() {
    let root = Root::new();
    root.run("groupadd --system docker");
    root.bring(&deb("container-exporter"), "/package.deb");
    root.run("dpkg --install /package.deb");
    assert!(root.run("id --groups --name container-exporter").contains("docker"));
    root.run("gpasswd --delete container-exporter docker && dpkg --install /package.deb");
    assert!(
        !root.run("id --groups --name container-exporter").contains("docker"),
        "whoever took it out has the last word"
    );
}

#[test]
#[ignore = "needs packages and root: make test-packages"]
fn an_rpm_comes_stays_and_goes() {
    let root = Root::new();
    for (name, _) in DAEMONS {
        let (program, defaults) = (format!("/usr/bin/{name}"), format!("/etc/default/{name}"));
        let path = root.path();
        // What it needs is there, but not by rpm's books.
        let common = ["--root", &path, "--nodeps"];
        said("rpm", &[&common[..], &["--install", &rpm(name)]].concat());
        assert!(
            root.run(&format!("{name} --version")).contains("version 0.1.0"),
            "{name}"
        );
        let has_user = root.read("/etc/passwd").contains(&format!("\n{name}:"));
        assert_eq!(has_user, USERS.contains(&name), "{name}");

        fs::write(root.file(&defaults), EDITED).expect("it can be edited");
        said(
            "rpm",
            &[&common[..], &["--upgrade", "--replacepkgs", &rpm(name)]].concat(),
        );
        assert_eq!(root.read(&defaults), EDITED, "{name}: what was edited stays");

        said("rpm", &[&common[..], &["--erase", name]].concat());
        assert!(!root.has(&program) && !root.has(&defaults), "{name}: erased");
        assert_eq!(
            root.read(&format!("{defaults}.rpmsave")),
            EDITED,
            "{name}: but for what was edited"
        );
    }
}
