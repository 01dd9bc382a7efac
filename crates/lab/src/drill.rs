//! A drill: the same rules and routes in less time, so that every alert can be seen to come and go. A copy of the
//! configuration, made by one rule, [`Pace`], and never by hand.

mod command;
mod pace;
mod receivers;
mod text;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

pub(crate) use command::{FACTOR_FILE, command, run};
pub(crate) use pace::Pace;

/// What is to be copied, and where things are in the copy.
pub(crate) struct Plan<'a> {
    pub(crate) pace: Pace,
    /// prometheus.yml; rules/ is beside it.
    pub(crate) prometheus: &'a Path,
    /// The folder of who is scraped.
    pub(crate) targets: &'a Path,
    pub(crate) blackbox: &'a Path,
    /// alertmanager.yml; templates/ and receivers/ are beside it.
    pub(crate) alertmanager: &'a Path,
    /// Where people are told: the beginning of a URL of Slack's kind.
    pub(crate) slack: &'a str,
    /// Texts that are replaced everywhere: the usual addresses, by those that are in use.
    pub(crate) addresses: &'a [(String, String)],
    /// Where whoever reads the copy finds it, if that is elsewhere, as in a container.
    pub(crate) seen_at: Option<&'a Path>,
}

/// The copy.
pub(crate) struct Files {
    pub(crate) prometheus: PathBuf,
    pub(crate) blackbox: PathBuf,
    pub(crate) alertmanager: PathBuf,
    /// Holds the URL that Alertmanager sends to; it is read at each notification.
    pub(crate) slack_url: PathBuf,
}

impl Files {
    fn of(folder: &Path) -> Self {
        Self {
            prometheus: folder.join("prometheus.yml"),
            blackbox: folder.join("blackbox.yml"),
            alertmanager: folder.join("alertmanager.yml"),
            slack_url: folder.join("slack_url"),
        }
    }
}

/// Makes the copy in `folder`, anew.
///
/// # Errors
/// A file cannot be read or written, or has no place for what a drill puts there.
pub(crate) fn write(plan: &Plan<'_>, folder: &Path) -> Result<Files> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    let files = Files::of(folder);
    let rules = plan.prometheus.with_file_name("rules");
    copy_folder(&rules, "yml", &folder.join("rules"), |text| {
        replaced(text::rules(text, plan.pace), plan.addresses)
    })?;
    copy_folder(plan.targets, "yml", &folder.join("targets"), |text| {
        replaced(text.to_owned(), plan.addresses)
    })?;
    let prometheus = text::prometheus(&read(plan.prometheus)?, plan.pace);
    put(&files.prometheus, &replaced(prometheus, plan.addresses))?;
    put(&files.blackbox, &read(plan.blackbox)?)?;
    alertmanager(plan, &files)?;
    Ok(files)
}

fn alertmanager(plan: &Plan<'_>, files: &Files) -> Result<()> {
    let beside = |name: &str| plan.alertmanager.with_file_name(name);
    let slack_url = match (plan.seen_at, files.slack_url.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => files.slack_url.clone(),
    };
    let slack = receivers::slack(&read(&beside("receivers/slack.yml"))?, &slack_url);
    let text = text::alertmanager(&read(plan.alertmanager)?, plan.pace);
    let text = receivers::told_by_slack(&text, &slack)
        .with_context(|| format!("{} has no receivers to replace", plan.alertmanager.display()))?;
    put(&files.alertmanager, &replaced(text, plan.addresses))?;
    put(&files.slack_url, plan.slack)?;
    let templates = files.alertmanager.with_file_name("templates");
    copy_folder(&beside("templates"), "tmpl", &templates, str::to_owned)
}

/// Its files of a kind.
fn copy_folder(from: &Path, kind: &str, to: &Path, change: impl Fn(&str) -> String) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("listing {}", from.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("listing {}", from.display()))?.path();
        if let (Some(file), true) = (path.file_name(), path.extension().is_some_and(|found| found == kind)) {
            put(&to.join(file), &change(&read(&path)?))?;
        }
    }
    Ok(())
}

fn replaced(mut text: String, addresses: &[(String, String)]) -> String {
    // By way of what is in no file, so that an address that was put in is not replaced again.
    for (index, (usual, _)) in addresses.iter().enumerate() {
        text = text.replace(usual.as_str(), &format!("\0{index}\0"));
    }
    for (index, (_, used)) in addresses.iter().enumerate() {
        text = text.replace(&format!("\0{index}\0"), used);
    }
    text
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_can_change_places() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let addresses = [pair("h:1", "h:2"), pair("h:2", "h:1")];
        assert_eq!(replaced("h:1 h:2".to_owned(), &addresses), "h:2 h:1");
    }

    #[test]
    fn the_real_configuration_has_a_place_for_everything() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let to = tempfile::tempdir().unwrap();
        let plan = Plan {
            pace: Pace::DRILL,
            prometheus: &root.join("prometheus/prometheus.yml"),
            targets: &root.join("prometheus/targets"),
            blackbox: &root.join("prometheus/blackbox.yml"),
            alertmanager: &root.join("deploy/alertmanager/alertmanager.yml"),
            slack: "http://127.0.0.1:1/slack",
            addresses: &[],
            seen_at: Some(Path::new("/drill")),
        };
        let files = write(&plan, &to.path().join("drill")).unwrap();
        let prometheus = read(&files.prometheus).unwrap();
        assert_eq!(prometheus.matches("scrape_interval: 1s").count(), 1);
        assert_eq!(
            prometheus.matches("scrape_interval: 3s").count(),
            4,
            "one for each job of probes"
        );
        let alertmanager = read(&files.alertmanager).unwrap();
        assert_eq!(
            alertmanager.matches("slack_configs:").count(),
            5,
            "all but the Watchdog's"
        );
        assert!(
            alertmanager.contains("api_url_file: \"/drill/slack_url\"\n"),
            "{alertmanager}"
        );
        assert!(to.path().join("drill/templates/links.tmpl").is_file());
        assert!(alertmanager.contains("group_interval: 5s\n") && alertmanager.contains("group_wait: 0s\n"));
        // Made anew, and the same.
        assert_eq!(
            read(&write(&plan, &to.path().join("drill")).unwrap().prometheus).unwrap(),
            prometheus
        );
    }
}
