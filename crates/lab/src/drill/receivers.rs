//! Who is told in a drill: Slack, or what is shaped like it.

use std::path::Path;

/// The Watchdog goes on to the console, which says when it stays away.
const NOT_BY_SLACK: &str = "watchdog";

/// The integration as YAML, from receivers/slack.yml, with its URL in this file.
pub(super) fn slack(text: &str, url: &Path) -> String {
    let lines = text.lines().filter(|line| !line.contains("@file"));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    text.replace("@SECRET@", &url.display().to_string())
}

/// alertmanager.yml with this integration for all receivers but one. `None`: it has no receivers.
pub(super) fn told_by_slack(text: &str, slack: &str) -> Option<String> {
    const NAME: &str = "  - name: ";
    let (before, receivers) = text.split_once("\nreceivers:\n")?;
    let mut changed = format!("{before}\nreceivers:\n");
    let mut name = "";
    for line in receivers.lines() {
        name = line.strip_prefix(NAME).unwrap_or(name);
        if line.starts_with(NAME) || name == NOT_BY_SLACK {
            changed += &format!("{line}\n");
        } else if !line.trim().is_empty() {
            changed += slack;
        }
    }
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_but_the_watchdog_is_told_by_slack() {
        let slack = slack(
            "    # @file slack_url: x\n    slack_configs:\n      - api_url_file: \"@SECRET@\"\n",
            Path::new("/u"),
        );
        assert_eq!(slack, "    slack_configs:\n      - api_url_file: \"/u\"\n");
        let text = "route: {}\nreceivers:\n  - name: watchdog\n    webhook_configs: &c [{url: u}]\n  - name: pages\n    webhook_configs: *c\n";
        let expected = "route: {}\nreceivers:\n  - name: watchdog\n    webhook_configs: &c [{url: u}]\n  - name: pages\n    slack_configs:\n      - api_url_file: \"/u\"\n";
        assert_eq!(told_by_slack(text, &slack).as_deref(), Some(expected));
        assert_eq!(told_by_slack("route: {}\n", &slack), None);
    }
}
