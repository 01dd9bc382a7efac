//! deploy/ec2/install.sh, really installing: in a root of Debian's, from a folder of packages as `make packages` fills it.

use std::fs;

use crate::{
    DAEMONS,
    contents::{deb, package},
    life::later,
    root::Root,
    run::{repository, said},
};

const RELEASE: &str = "/release";

/// What an administrator has written.
const EDITED: &str = "ARGS=\"--log.level=debug\"\n";

/// Makes this file the only one of the release, with its checksum; its name.
fn publish(root: &Root, file: &str) -> String {
    let name = file.rsplit('/').next().expect("a name").to_owned();
    root.run(&format!("rm -rf {RELEASE} && mkdir {RELEASE}"));
    root.bring(file, &format!("{RELEASE}/{name}"));
    root.run(&format!("cd {RELEASE} && sha256sum {name} >sha256sums.txt"));
    name
}

/// The package in the version of the script's format, then a later one, outside the root.
fn versions(root: &Root, format: &str, name: &str, work: &str) -> [String; 2] {
    if format == "deb" {
        let in_root = later(root, name);
        let new = format!("{work}/{name}_99-1_amd64.deb");
        fs::rename(root.file(&in_root), &new).expect("both are temporary");
        return [deb(name), new];
    }
    let old = package(&format!("{name}-0"), ".linux-amd64.tar.gz")
        .display()
        .to_string();
    let new = format!("{name}-99.linux-amd64");
    let repack = format!(
        "cd {work} && mkdir {new} && tar --extract --file={old} --strip-components=1 --directory={new} && \
         echo '# Of the later version.' >>{new}/{name}.default && tar --create --gzip --file={new}.tar.gz {new}"
    );
    said("sh", &["-euc", &repack]);
    [old, format!("{work}/{new}.tar.gz")]
}

#[test]
#[ignore = "needs packages and root: make test-packages"]
fn the_script_installs_once_upgrades_refuses_and_removes() {
    let root = Root::new();
    let script = repository().join("deploy/ec2/install.sh");
    root.bring(&script.display().to_string(), "/install.sh");
    for (format, folder, old_version, new_version) in [
        ("deb", "/usr/bin", "0.1.0-1", "99-1"),
        ("tar", "/usr/local/bin", "0.1.0", "99"),
    ] {
        for (name, _) in DAEMONS {
            let what = format!("{name} as {format}");
            let work = tempfile::tempdir().expect("a folder");
            let [old, new] = versions(&root, format, name, &work.path().display().to_string());
            let before = root.inventory();
            let call =
                |arguments: &str| root.run(&format!("bash /install.sh --format {format} {arguments} {name} 2>&1"));
            let install = format!("--from {RELEASE}");

            publish(&root, &old);
            let answer = call(&install);
            assert!(
                answer.ends_with(&format!("install: {name} {old_version} is installed\n")),
                "{what}: {answer}"
            );
            assert!(
                root.run(&format!("{folder}/{name} --version"))
                    .contains("version 0.1.0"),
                "{what}"
            );
            let installed = root.inventory();
            assert_eq!(
                call(&install),
                format!("install: {name} {old_version} is here already\n"),
                "{what}"
            );
            assert_eq!(root.inventory(), installed, "{what}: a second call changes nothing");

            let defaults = format!("/etc/default/{name}");
            fs::write(root.file(&defaults), EDITED).expect("it can be edited");
            let file = publish(&root, &new);
            let refused = root.run(&format!(
                "cp {RELEASE}/{file} /kept && echo >>{RELEASE}/{file} && \
                 ! bash /install.sh --format {format} {install} {name} 2>&1 && mv /kept {RELEASE}/{file}"
            ));
            let complaint = "has another checksum than sha256sums.txt says: nothing was done\n";
            assert!(refused.ends_with(complaint), "{what}: {refused}");
            assert_eq!(
                call(&format!("{install} --dry-run")),
                format!("install: would install {file}\n"),
                "{what}"
            );

            let answer = call(&install);
            assert!(
                answer.ends_with(&format!("install: {name} {new_version} is installed\n")),
                "{what}: {answer}"
            );
            assert_eq!(root.read(&defaults), EDITED, "{what}: what was edited stays");

            call("--uninstall");
            assert_eq!(call("--uninstall"), format!("install: {name} is not here\n"), "{what}");
            root.run(&format!("rm -r {RELEASE}"));
            assert_eq!(root.inventory(), before, "{what}: nothing is left");
        }
    }
}
