//! Durations in the texts of Prometheus and Alertmanager, found and made shorter. Everything else stays as it is, comments too.

use std::time::Duration;

use super::Pace;

/// Rules: `for`, `keep_firing_for`, windows and offsets, and each summary says that it is a drill.
pub(super) fn rules(text: &str, pace: Pace) -> String {
    each_line(text, |line| {
        let (key, value) = key_and_value(line);
        match key {
            "for" | "keep_firing_for" => with_value(line, value, |real| pace.wait(real)),
            "summary" => line.replacen("summary: \"", &format!("summary: \"{}", mark(pace)), 1),
            "description" => line.to_owned(),
            _ => offsets(&windows(line, pace), pace),
        }
    })
}

fn mark(pace: Pace) -> String {
    match pace.factor() {
        1 => String::new(),
        factor => format!("DRILL, times are 1/{factor}: "),
    }
}

/// prometheus.yml: how often it scrapes and evaluates.
pub(super) fn prometheus(text: &str, pace: Pace) -> String {
    let mut probe = None;
    each_line(text, |line| {
        let (key, value) = key_and_value(line);
        match key {
            "scrape_interval" | "evaluation_interval" => {
                probe = probe.or_else(|| parse(value).map(|real| pace.probe(real)));
                with_value(line, value, |real| pace.scrape(real))
            }
            "metrics_path" if value == "/probe" => match probe {
                Some(interval) => {
                    let (indent, interval) = (indent(line), show(interval));
                    format!("{line}\n{indent}scrape_interval: {interval}\n{indent}scrape_timeout: {interval}")
                }
                None => line.to_owned(),
            },
            _ => line.to_owned(),
        }
    })
}

/// alertmanager.yml: how long it waits.
pub(super) fn alertmanager(text: &str, pace: Pace) -> String {
    each_line(text, |line| {
        let (key, value) = key_and_value(line);
        match key {
            "group_wait" | "group_interval" | "repeat_interval" => with_value(line, value, |real| pace.group(real)),
            _ => line.to_owned(),
        }
    })
}

/// What a drill makes of lines; a comment is nothing to it.
fn each_line(text: &str, mut change: impl FnMut(&str) -> String) -> String {
    let changed = text.lines().map(|line| {
        let is_comment = line.trim_start().starts_with('#');
        let line = if is_comment { line.to_owned() } else { change(line) };
        line + "\n"
    });
    changed.collect()
}

fn key_and_value(line: &str) -> (&str, &str) {
    let line = line.trim_start().trim_start_matches("- ");
    line.split_once(": ")
        .map_or((line, ""), |(key, value)| (key, value.trim()))
}

fn indent(line: &str) -> String {
    line.chars().take_while(|char| *char == ' ').collect()
}

fn with_value(line: &str, value: &str, shorter: impl Fn(Duration) -> Duration) -> String {
    match parse(value) {
        Some(real) => format!("{}{}", line.trim_end().trim_end_matches(value), show(shorter(real))),
        None => line.to_owned(),
    }
}

/// `[5m]`, and `[1h:5m]`.
fn windows(line: &str, pace: Pace) -> String {
    let mut parts = line.split('[');
    let mut changed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        changed.push('[');
        match part.split_once(']') {
            Some((window, rest)) => changed += &format!("{}]{rest}", window_of(window, pace)),
            None => changed += part,
        }
    }
    changed
}

fn window_of(window: &str, pace: Pace) -> String {
    let (range, step) = window
        .split_once(':')
        .map_or((window, None), |(range, step)| (range, Some(step)));
    let shorter = |text: &str, by: &dyn Fn(Duration) -> Duration| {
        parse(text).map_or_else(|| text.to_owned(), |real| show(by(real)))
    };
    let range = shorter(range, &|real| pace.window(real));
    match step {
        Some(step) => format!("{range}:{}", shorter(step, &|real| pace.scrape(real))),
        None => range,
    }
}

/// `offset 1d`.
fn offsets(line: &str, pace: Pace) -> String {
    const WORD: &str = "offset ";
    let mut parts = line.split(WORD);
    let mut changed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|char: char| !char.is_ascii_alphanumeric())
            .unwrap_or(part.len());
        let (duration, rest) = part.split_at(end);
        let duration = parse(duration).map_or_else(|| duration.to_owned(), |real| show(pace.offset(real)));
        changed += &format!("{WORD}{duration}{rest}");
    }
    changed
}

/// Prometheus' notation: `5m`, `1h30m`, `500ms`.
fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let end = tail.find(|char: char| char.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        sum += unit_of(unit)?.checked_mul(number.parse().ok()?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(sum)
}

fn unit_of(unit: &str) -> Option<Duration> {
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(1)),
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}

fn show(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_prometheus_reads_them() {
        for (text, millis) in [
            ("15s", Some(15_000)),
            ("1h30m", Some(5_400_000)),
            ("500ms", Some(500)),
            ("3d", Some(259_200_000)),
            ("", None),
            ("5", None),
            ("m", None),
            ("5x", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(parse(text), millis.map(Duration::from_millis), "{text:?}");
        }
        assert_eq!(show(Duration::from_millis(1500)), "1500ms");
    }

    #[test]
    fn all_times_of_a_rule_are_shorter_and_nothing_else_changes() {
        let real = r#"      - alert: A
        # for: 10m and [5m] in a comment stay
        expr: |
          increase(a[5m]) > 0 and b offset 75m unless c{d="[5m]"} > 24 * 3600
            and max_over_time(e[3h:15s] offset 1d) > 1
        for: 10m
        keep_firing_for: 0s
        annotations:
          summary: "For 10m"
          description: "[5m] offset 1d"
"#;
        let drilled = r#"      - alert: A
        # for: 10m and [5m] in a comment stay
        expr: |
          increase(a[12s]) > 0 and b offset 75s unless c{d="[12s]"} > 24 * 3600
            and max_over_time(e[180s:1s] offset 1440s) > 1
        for: 10s
        keep_firing_for: 0s
        annotations:
          summary: "DRILL, times are 1/60: For 10m"
          description: "[5m] offset 1d"
"#;
        assert_eq!(rules(real, Pace::DRILL), drilled);
        let same = rules(real, Pace::REAL);
        assert_eq!(same.replace("75m", "4500s").lines().count(), real.lines().count());
        assert!(!same.contains("DRILL"));
    }

    #[test]
    fn probes_have_an_interval_of_their_own() {
        let real = "global:\n  scrape_interval: 15s\n  evaluation_interval: 15s\nscrape_configs:\n  - job_name: p\n    metrics_path: /probe\n";
        let drilled = "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\nscrape_configs:\n  - job_name: p\n    metrics_path: /probe\n    scrape_interval: 3s\n    scrape_timeout: 3s\n";
        assert_eq!(prometheus(real, Pace::DRILL), drilled);
    }

    #[test]
    fn alertmanager_waits_less_but_never_less_than_it_did() {
        let real = "route:\n  group_wait: 30s\n  routes:\n    - receiver: w\n      group_wait: 0s\n      repeat_interval: 12h\n";
        let drilled = "route:\n  group_wait: 1s\n  routes:\n    - receiver: w\n      group_wait: 0s\n      repeat_interval: 720s\n";
        assert_eq!(alertmanager(real, Pace::DRILL), drilled);
    }
}
