//! prometheus/: promtool accepts all of it, its tests pass in two engines, and no threshold can
//! move without a test that fails.
#![expect(clippy::disallowed_methods, reason = "these tests run promtool and vmalert-tool")]
#![expect(
    clippy::print_stderr,
    reason = "these tests say what they do not test, and how much they did"
)]

mod tools;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tools::text;

#[test]
fn promtool_accepts_the_configuration() {
    let output = promtool(&["check", "config"], &[prometheus().join("prometheus.yml")]);
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn promtool_finds_nothing_to_complain_of_in_the_rules() {
    let output = promtool(
        &["check", "rules", "--lint=all", "--lint-fatal"],
        &yaml(&prometheus().join("rules")),
    );
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn the_rules_own_tests_pass() {
    let output = test_rules(&prometheus().join("rules"));
    assert!(output.status.success(), "{}", text(&output));
}

/// What vmalert-tool cannot read, and why.
const NOT_FOR_VMALERT: [(&str, &str); 8] = [
    ("application-recording.yml", ROUND),
    ("application-slo-recording.yml", ROUND),
    ("container-recording.yml", ROUND),
    ("node-recording.yml", ROUND),
    ("redis-recording.yml", ROUND),
    ("container-alerts.yml", BEFORE),
    ("redis-alerts.yml", BEFORE),
    ("stack-alerts.yml", BEFORE),
];
const ROUND: &str = "its round() keeps the name of the metric";
const BEFORE: &str = "its increase() and changes() also count from the sample before the window, so alerts clear later";

#[test]
fn a_second_engine_passes_the_same_tests() {
    let Some(vmalert_tool) = tools::find(&["vmalert-tool"]) else {
        return;
    };
    let tests = yaml(&prometheus().join("rules/tests"));
    let failed = in_parallel(&tests, |test| {
        let name = test.file_name().expect("a file").to_string_lossy();
        let known = NOT_FOR_VMALERT.iter().find(|(file, _)| *file == name);
        let output = vmalert(&vmalert_tool, test);
        if let Some((_, reason)) = known {
            eprintln!("{name}: not for vmalert, since {reason}");
        }
        (output.status.success() == known.is_some()).then(|| format!("{name}: {}", text(&output)))
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Runs a file of tests, in which the second engine has another name for the questions in the first one's language.
fn vmalert(program: &Path, test: &Path) -> Output {
    let copy = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir(copy.path().join("tests")).expect("the copy is ours");
    let text = fs::read_to_string(test).expect("a text file");
    copy_what_it_loads(&text, copy.path());
    let to = copy.path().join("tests/test.yml");
    fs::write(&to, text.replace("promql_expr_test:", "metricsql_expr_test:")).expect("the copy is ours");
    Command::new(program)
        .args(["unittest", "-disableAlertgroupLabel", "-files"])
        .arg(to)
        .current_dir(copy.path())
        .output()
        .expect("vmalert-tool can be started")
}

#[test]
fn every_moved_number_makes_a_test_fail() {
    let files = yaml(&prometheus().join("rules"));
    let mutants: Vec<Mutant> = files.iter().flat_map(|file| mutants(file)).collect();
    let survivors = in_parallel(&mutants, |mutant| mutant.survives().then(|| mutant.to_string()));
    eprintln!("{} mutants, {} survivors", mutants.len(), survivors.len());
    leave_a_report(&mutants, &survivors);
    assert!(survivors.is_empty(), "no test notices\n{}", survivors.join("\n"));
}

/// How many numbers of each alert were moved, and how many of those were noticed: for the table of all alerts.
fn leave_a_report(mutants: &[Mutant], survivors: &[String]) {
    let mut report = std::collections::BTreeMap::<&str, (usize, usize)>::new();
    for mutant in mutants {
        let alert = mutant.rule.as_ref().filter(|rule| rule.is_alert);
        let Some(Rule { name, .. }) = alert else { continue };
        let (moved, noticed) = report.entry(name).or_default();
        *moved += 1;
        *noticed += usize::from(!survivors.contains(&mutant.to_string()));
    }
    let json = |(alert, (moved, noticed))| (alert, serde_json::json!({"moved": moved, "noticed": noticed}));
    let report: serde_json::Map<_, _> = report
        .into_iter()
        .map(|(alert, numbers)| json((alert.to_owned(), numbers)))
        .collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants.json");
    fs::write(path, serde_json::Value::from(report).to_string()).expect("cargo's folder for tests is there");
}

/// What `check` answers to each, from as many threads as there are CPUs.
fn in_parallel<T: Sync>(all: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = check(one);
                    found.lock().expect("no worker panics with it").extend(answer);
                }
            });
        }
    });
    found.into_inner().expect("no worker panicked")
}

#[test]
fn every_alert_has_severity_texts_and_a_runbook() {
    let mut alerts = 0;
    for file in yaml(&prometheus().join("rules")) {
        let rules = fs::read_to_string(&file).expect("a text file");
        for alert in rules.split("- alert: ").skip(1) {
            let name = alert.lines().next().expect("a first line").trim();
            let runbook = format!("docs/runbooks/{name}.md");
            for key in [
                "for: ",
                "severity: ",
                "summary: ",
                "description: ",
                &format!("runbook_url: {runbook}\n"),
            ] {
                assert!(alert.contains(key), "{name} lacks {key:?}");
            }
            let page = fs::read_to_string(prometheus().join("..").join(&runbook)).unwrap_or_default();
            assert!(
                page.starts_with(&format!("# {name}\n")),
                "{runbook} is not the page of {name}"
            );
            alerts += 1;
        }
    }
    assert!(alerts > 0, "prometheus/rules has no alerts");
}

/// One number of a rule that decides when it speaks, moved.
struct Mutant {
    file: PathBuf,
    /// Whose it is.
    rule: Option<Rule>,
    number: usize,
    line: String,
    text: String,
}

/// Each such number of a file, one step up and one down.
fn mutants(file: &Path) -> Vec<Mutant> {
    let original = fs::read_to_string(file).expect("a text file");
    let lines = original.lines().enumerate().filter(|(_, line)| decides(line));
    let moved = lines.flat_map(|(at, line)| steps(line).into_iter().map(move |line| (at, line)));
    moved
        .map(|(at, line)| Mutant {
            file: file.to_path_buf(),
            rule: rule_at(&original, at),
            number: at + 1,
            text: replace_line(&original, at, &line),
            line,
        })
        .collect()
}

/// What a rule is called.
struct Rule {
    name: String,
    is_alert: bool,
}

/// The rule that a line belongs to.
fn rule_at(text: &str, line: usize) -> Option<Rule> {
    let before: Vec<&str> = text.lines().take(line + 1).map(str::trim_start).collect();
    let first = before.iter().rev().find_map(|line| line.strip_prefix("- "))?;
    let (key, name) = first.split_once(": ")?;
    ["alert", "record"].contains(&key).then(|| Rule {
        name: name.trim().to_owned(),
        is_alert: key == "alert",
    })
}

impl std::fmt::Display for Mutant {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}: {}", self.file.display(), self.number, self.line.trim())
    }
}

impl Mutant {
    /// Whether all tests that load its file pass with it all the same. The others need not run, nor be there.
    fn survives(&self) -> bool {
        let name = self.file.file_name().expect("a file").to_string_lossy();
        let copy = tempfile::tempdir().expect("a temporary directory");
        fs::write(copy.path().join(&*name), &self.text).expect("the copy is ours");
        let mut loading = Vec::new();
        for test in yaml(&prometheus().join("rules/tests")) {
            let text = fs::read_to_string(&test).expect("a text file");
            if text.contains(&format!("../{name}")) {
                copy_what_it_loads(&text, copy.path());
                loading.push(text);
            }
        }
        // The tests that speak of the rule nearly always notice, and are few.
        let few: Vec<_> = loading
            .iter()
            .filter_map(|text| narrowed(text, self.rule.as_ref()?))
            .collect();
        let notice = |tests: &[String]| !tests.is_empty() && !pass(tests, copy.path());
        !notice(&few) && !notice(&loading)
    }
}

/// A file with those of its tests that speak of the rule, if there are any.
fn narrowed(tests: &str, rule: &Rule) -> Option<String> {
    const EACH: &str = "\n  - name: ";
    let mut all = tests.split(EACH);
    let head = all.next()?;
    let few: Vec<&str> = all.filter(|test| test.contains(&rule.name)).collect();
    (!few.is_empty()).then(|| format!("{head}{EACH}{}", few.join(EACH)))
}

/// Whether these pass beside a copy of the rules.
fn pass(tests: &[String], rules: &Path) -> bool {
    let folder = tempfile::tempdir_in(rules).expect("the copy is ours");
    let files = tests.iter().zip(0..).map(|(text, number)| {
        let file = folder.path().join(format!("{number}.yml"));
        fs::write(&file, text).expect("the copy is ours");
        file
    });
    promtool(&["test", "rules"], &files.collect::<Vec<_>>())
        .status
        .success()
}

/// Else a rule would be noticed by what is no test.
#[test]
fn the_tests_of_one_rule_pass_alone() {
    let folder = prometheus().join("rules");
    let copy = tempfile::tempdir().expect("a temporary directory");
    let files = yaml(&folder);
    let texts: Vec<String> = files
        .iter()
        .map(|file| fs::read_to_string(file).expect("a text file"))
        .collect();
    for (file, text) in files.iter().zip(&texts) {
        fs::write(copy.path().join(file.file_name().expect("a file")), text).expect("the copy is ours");
    }
    let rules: Vec<Rule> = texts
        .iter()
        .flat_map(|text| {
            (0..text.lines().count())
                .filter(|at| is_first(text, *at))
                .filter_map(|at| rule_at(text, at))
        })
        .collect();
    assert!(rules.len() > 50, "where are the rules?");
    let tests: Vec<String> = yaml(&folder.join("tests"))
        .iter()
        .map(|file| fs::read_to_string(file).expect("a text file"))
        .collect();
    let failed = in_parallel(&rules, |rule| {
        let few: Vec<_> = tests.iter().filter_map(|text| narrowed(text, rule)).collect();
        (few.is_empty() || !pass(&few, copy.path())).then(|| rule.name.clone())
    });
    assert_eq!(failed, [""; 0], "these have no tests that pass alone");
}

fn is_first(text: &str, line: usize) -> bool {
    text.lines().nth(line).is_some_and(|line| {
        ["- alert: ", "- record: "]
            .iter()
            .any(|start| line.trim_start().starts_with(start))
    })
}

/// The other files of rules that a test names.
fn copy_what_it_loads(test: &str, to: &Path) {
    for file in yaml(&prometheus().join("rules")) {
        let name = file.file_name().expect("a file");
        let target = to.join(name);
        if test.contains(&format!("../{}", name.to_string_lossy())) && !target.exists() {
            fs::copy(&file, target).expect("the copy is ours");
        }
    }
}

fn decides(line: &str) -> bool {
    let line = line.trim_start();
    !["#", "summary:", "description:"]
        .iter()
        .any(|start| line.starts_with(start))
}

fn replace_line(text: &str, number: usize, new: &str) -> String {
    text.lines()
        .enumerate()
        .map(|(at, line)| format!("{}\n", if at == number { new } else { line }))
        .collect()
}

/// `> 0.8` becomes `> 0.79` and `> 0.81`, `for: 10m` becomes 9 and 11, `[5m]` becomes 4 and 6.
fn steps(line: &str) -> Vec<String> {
    const BEFORE: [&str; 5] = ["> ", "< ", "== ", "for: ", "["];
    let at = BEFORE
        .iter()
        .flat_map(|before| line.match_indices(before).map(|(start, found)| start + found.len()));
    at.flat_map(|start| {
        let (head, tail) = line.split_at(start);
        let end = tail
            .find(|char: char| !char.is_ascii_digit() && char != '.')
            .unwrap_or(tail.len());
        let (number, rest) = tail.split_at(end);
        moved(number)
            .into_iter()
            .map(move |number| format!("{head}{number}{rest}"))
    })
    .collect()
}

fn moved(number: &str) -> Vec<String> {
    match number.parse::<f64>() {
        // To move "nothing" down is no change for what cannot be negative.
        Ok(0.0) => vec!["1000".to_owned()],
        Ok(value) if number.contains('.') => vec![(value - 0.01).to_string(), (value + 0.01).to_string()],
        Ok(value) => vec![(value - 1.0).to_string(), (value + 1.0).to_string()],
        Err(_) => Vec::new(),
    }
}

fn test_rules(rules: &Path) -> Output {
    promtool(&["test", "rules"], &yaml(&rules.join("tests")))
}

/// promtool from $PROMETHEUS_DIR, else from PATH.
fn promtool(args: &[&str], files: &[PathBuf]) -> Output {
    let program = env::var_os("PROMETHEUS_DIR")
        .map_or_else(PathBuf::new, PathBuf::from)
        .join("promtool");
    let output = Command::new(&program).args(args).args(files).output();
    output.expect("no promtool in $PROMETHEUS_DIR or on PATH: run deploy/prepare.sh test first")
}

fn prometheus() -> PathBuf {
    tools::root().join("prometheus")
}

fn yaml(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .expect("a folder of rules")
        .map(|entry| entry.expect("an entry").path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "yml"))
        .collect()
}
