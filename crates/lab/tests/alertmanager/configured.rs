//! `configure`: whose secret is there is told, who is missing is left out, and with nobody there is the console.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::{amtool, config, folder, table, tools::text};

const MAIL: [(&str, &str); 3] = [
    ("SMTP_TO", "ops@example.com"),
    ("SMTP_FROM", "alertmanager@example.com"),
    ("SMTP_SMARTHOST", "mail.example.com:587"),
];

#[test]
fn without_secrets_everything_goes_to_the_console() {
    let secrets = secrets(&[]);
    let made = made(&configure(secrets.path(), &[("CONSOLE_URL", "http://console:9099/")]));
    let consoles = made
        .matches("webhook_configs: [{url: \"http://console:9099/\"}]")
        .count();
    let receivers = made.matches("\n  - name: ").count() - 1;
    assert_eq!((consoles, receivers), (6, 6), "all but off-hours, in {made}");
    assert!(made.contains("time_intervals: []"), "the console does not sleep");
    accepted(&made);
}

#[test]
fn whoever_has_a_secret_is_told() {
    let names = [
        "slack_url",
        "pagerduty_key",
        "smtp_password",
        "webhook_url",
        "watchdog_url",
        "app_slack_url",
    ];
    let secrets = secrets(&names);
    let made = made(&configure(secrets.path(), &MAIL));
    let here = secrets.path().canonicalize().expect("it is there");
    for (receiver, files) in [
        ("watchdog", &["watchdog_url"][..]),
        ("unsorted", &["slack_url", "smtp_password", "webhook_url"]),
        ("pages", &["pagerduty_key", "slack_url", "smtp_password", "webhook_url"]),
        ("tickets", &["slack_url", "smtp_password", "webhook_url"]),
        (
            "app-pages",
            &["pagerduty_key", "app_slack_url", "smtp_password", "webhook_url"],
        ),
        ("app-tickets", &["app_slack_url", "smtp_password", "webhook_url"]),
    ] {
        let expected: Vec<String> = files.iter().map(|file| here.join(file).display().to_string()).collect();
        assert_eq!(files_of(&made, receiver), expected, "{receiver}");
    }
    assert!(!made.contains("127.0.0.1:9099") && !made.contains(SECRET), "{made}");
    assert!(made.contains("weekdays:"), "people sleep");
    accepted(&made);
}

#[test]
fn an_empty_secret_is_none_and_routes_stay_as_they_are() {
    let secrets = secrets(&["pagerduty_key"]);
    fs::write(secrets.path().join("slack_url"), "").expect("the folder is ours");
    let made = made(&configure(secrets.path(), &[]));
    assert!(!made.contains("slack_url") && made.contains("pagerduty_key"), "{made}");
    assert!(made.contains("http://127.0.0.1:9099/"), "tickets go to the console");
    let routes = |text: &str| {
        let from = text.find("\nroute:").expect("routes");
        let to = text.find("\ntime_intervals:").expect("the rest");
        text.get(from..to).expect("in this order").to_owned()
    };
    assert_eq!(routes(&made), routes(&config()));
    accepted(&made);
}

#[test]
fn what_is_missing_or_cannot_be_written_is_said() {
    let mail = secrets(&["smtp_password"]);
    for (variables, error) in [
        (
            &[][..],
            "smtp_password is there, so SMTP_TO, SMTP_FROM and SMTP_SMARTHOST are needed, too",
        ),
        (
            &[("CONSOLE_URL", "a\"b")],
            "CONSOLE_URL: no quotes, backslashes or line breaks",
        ),
        (
            &[("SMTP_TO", "a\nb"), MAIL[1], MAIL[2]],
            "SMTP_TO: no quotes, backslashes or line breaks",
        ),
    ] {
        let output = configure(mail.path(), variables);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert_eq!(output.stdout, b"", "half a configuration is worse than none");
        assert!(text(&output).trim_end().ends_with(error), "{}", text(&output));
    }
    let output = configure(Path::new("/nowhere"), &[]);
    assert_eq!(text(&output), "configure: /nowhere is no directory\n");
}

const SECRET: &str = "sesame";

fn secrets(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for name in names {
        fs::write(folder.path().join(name), SECRET).expect("the folder is ours");
    }
    folder
}

fn configure(secrets: &Path, variables: &[(&str, &str)]) -> Output {
    Command::new(folder().join("configure"))
        .arg(secrets)
        .envs(variables.iter().copied())
        .output()
        .expect("configure can be started")
}

fn made(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// The secret files of a receiver.
fn files_of(made: &str, receiver: &str) -> Vec<String> {
    let (_, receivers) = made.split_once("\nreceivers:\n").expect("receivers");
    let start = format!("  - name: {receiver}\n");
    let (_, rest) = receivers.split_once(&start).expect("the receiver");
    rest.lines()
        .take_while(|line| !line.starts_with("  - name: "))
        .filter_map(|line| line.split_once("_file: "))
        .map(|(_, file)| file.trim_matches('"').to_owned())
        .collect()
}

/// amtool takes it, and it still sends alerts where the table says.
fn accepted(made: &str) {
    let Some(amtool) = amtool() else { return };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("alertmanager.yml");
    fs::write(&file, made).expect("the folder is ours");
    let output = Command::new(&amtool).arg("check-config").arg(&file).output();
    let output = output.expect("amtool can be started");
    if text(&output).contains("field url_file not found") {
        eprintln!("this amtool is older than 0.26: whether it takes webhooks' secrets is not tested");
        return;
    }
    assert!(output.status.success(), "{}", text(&output));
    for case in table::cases() {
        assert_eq!(table::wrong_receivers(&amtool, &file, &case), None, "{}", case.name);
    }
}
