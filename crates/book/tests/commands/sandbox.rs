//! Runs a block of commands where it can do no harm: a copy of what of the repository they read, and namespaces of their own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{
    blocks::{Block, Step},
    printed, shell,
};

/// What commands find in the folder that they run in.
const COPIED: [&str; 6] = ["deploy", "docs", "grafana", "prometheus", "Makefile", "README.md"];

/// Programs that go on until they are ended, and what makes them end by themselves.
const DAEMONS: [&str; 9] = [
    "node-exporter",
    // A stand-in for upstream's, beside which ours is started.
    "node_exporter",
    "container-exporter",
    "blackbox-exporter",
    "redis-exporter",
    "demo-app",
    "redis-server",
    "prometheus",
    "prometheus-alertmanager",
];
const LAB_DAEMONS: [&str; 3] = ["console", "dashboards", "up"];
const ENDS: [&str; 8] = [
    "--config.check",
    "--healthcheck",
    "--help",
    "--help-man",
    "--version",
    "--completion-script-bash",
    "--completion-script-fish",
    "--completion-script-zsh",
];

/// Folders with the programs of this workspace, then what PATH has.
pub(crate) fn path() -> std::ffi::OsString {
    let ours = Path::new(env!("CARGO_BIN_EXE_book"))
        .parent()
        .expect("a program is in a folder")
        .to_path_buf();
    let tools = root().join("target/tools/bin");
    let others = ["PROMETHEUS_DIR", "PATH"].iter().filter_map(env::var_os);
    let others = others.flat_map(|value| env::split_paths(&value).collect::<Vec<_>>());
    env::join_paths([ours, tools].into_iter().chain(others)).expect("no folder has a colon")
}

pub(crate) fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).expect("the repository is there")
}

/// Whether this host lets us make namespaces.
pub(crate) fn can_isolate() -> bool {
    isolated("true").output().is_ok_and(|output| output.status.success())
}

fn isolated(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args([
        "--user",
        "--map-root-user",
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]);
    // A reader's commands take seconds; whoever waits for more than a minute waits for ever.
    command.args(["timeout", "90", "bash", "-c", script]);
    command
}

/// What is wrong with a block when its commands are run, those that `runs` names.
pub(crate) fn run(block: &Block, runs: impl Fn(&Step) -> bool) -> Vec<String> {
    let before = block.before.iter().map(|command| Step {
        line: 0,
        command: command.clone(),
        prints: None,
    });
    let before: Vec<Step> = before.collect();
    let steps: Vec<&Step> = before
        .iter()
        .chain(block.steps.iter().filter(|step| runs(step)))
        .collect();
    if block.steps.iter().all(|step| !runs(step)) {
        return vec![];
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (work, out) = (folder.path().join("work"), folder.path().join("out"));
    for path in [&work, &out] {
        fs::create_dir(path).expect("the folder is ours");
    }
    copy_into(&work);
    let output = isolated(&script(&steps))
        .env_clear()
        .envs([("PATH", path()), ("FOLDER", folder.path().into())])
        .envs([("HOME", &work), ("OUT", &out), ("TMPDIR", &out)])
        .envs([
            ("LANG", "C.UTF-8"),
            ("TERM", "dumb"),
            (
                "DRIVER",
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/commands/driver.sh"),
            ),
        ])
        .output()
        .expect("unshare can be started");
    steps
        .iter()
        .enumerate()
        .filter_map(|(number, step)| judge(&block.place, step, number, &out, &output))
        .collect()
}

fn copy_into(work: &Path) {
    // With a Prometheus that is quick to notice.
    let scratch = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scratch/.");
    let mut command = Command::new("cp");
    command
        .arg("--recursive")
        .args(COPIED.map(|name| root().join(name)))
        .arg(scratch)
        .arg(work);
    assert!(
        command.status().expect("cp can be started").success(),
        "copying into {}",
        work.display()
    );
    let secrets = work.join("deploy/secrets");
    assert!(
        fs::remove_dir_all(&secrets).is_ok() || !secrets.exists(),
        "secrets of this machine stay where they are"
    );
}

/// The commands in one shell, so that `cd` and variables hold for those below.
fn script(steps: &[&Step]) -> String {
    let mut script = String::from("source \"$DRIVER\"\n");
    for (number, step) in steps.iter().enumerate() {
        let command = &step.command;
        match daemon(command) {
            Some(program) => script.push_str(&format!("daemon {number} {program} {}\n", quoted(command))),
            None => script.push_str(&format!(
                "{{\n{command}\ncodes=(\"${{PIPESTATUS[@]}}\")\n}} >\"$OUT/{number}\" 2>&1 </dev/null\nended {number} \"${{codes[@]}}\"\n"
            )),
        }
    }
    script + "end_all\n"
}

/// The program, if this command goes on until it is ended.
fn daemon(command: &str) -> Option<String> {
    let commands = shell::commands(command);
    let [words] = commands.as_slice() else { return None };
    let program = words.first()?.rsplit('/').next()?;
    let of_lab = program == "lab" && words.get(1).is_some_and(|word| LAB_DAEMONS.contains(&word.as_str()));
    let ends = words.iter().any(|word| ENDS.contains(&word.as_str()));
    match of_lab {
        true => Some(format!("lab-{}", words.get(1)?)),
        false => (DAEMONS.contains(&program) && !ends).then(|| program.to_owned()),
    }
}

fn quoted(command: &str) -> String {
    format!("'{}'", command.replace('\'', r"'\''"))
}

fn judge(place: &str, step: &Step, number: usize, out: &Path, shell: &Output) -> Option<String> {
    let page = place.split_once(':').map_or(place, |(page, _)| page);
    let place = if step.line == 0 {
        place.to_owned()
    } else {
        format!("{page}:{}", step.line)
    };
    let read = |name: String| fs::read(out.join(name)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let said = read(number.to_string()).unwrap_or_default();
    let complain = |what: &str| Some(format!("{place}: {what}\n$ {}\n{said}", step.command));
    let Ok(code) = read(format!("{number}.code")) else {
        let shell = String::from_utf8_lossy(&shell.stderr);
        return complain(&format!("did not end, or was not reached: {shell}"));
    };
    match &step.prints {
        // What is shown says whether it went well.
        Some(shown) => {
            let all = daemon(&step.command).is_none();
            printed::differs(shown, &said, all).and_then(|line| complain(&format!("does not print {line:?}")))
        }
        None if code.trim() != "0" => complain(&format!("ends with {}", code.trim())),
        None => None,
    }
}

/// Programs that commands need and that are not on PATH.
pub(crate) fn missing<'s>(steps: impl Iterator<Item = &'s str>) -> Vec<String> {
    let path = path();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let programs = steps
        .flat_map(shell::commands)
        .filter_map(|words| words.first().cloned());
    let programs = programs.filter(|program| TOOLS.contains(&program.as_str()));
    programs
        .filter(|program| !folders.iter().any(|folder| folder.join(program).is_file()))
        .collect()
}

/// What deploy/prepare.sh gets.
const TOOLS: [&str; 7] = [
    "prometheus",
    "prometheus-alertmanager",
    "promtool",
    "amtool",
    "redis-server",
    "curl",
    "jq",
];
