//! The habits of Go's own `flag` package, which cAdvisor and redis_exporter have: one dash or two, `-switch=false`, and
//! the last of several wins. Written anew as the arguments that [`Flags::parse`](super::Flags::parse) takes.

use std::collections::HashMap;
use std::ffi::OsString;

use super::{Flag, Takes};

/// One argument list in the other habit. What cannot be understood stays for the parser to complain of.
pub(super) fn rewrite(args: Vec<OsString>, table: &[Flag]) -> Vec<OsString> {
    let mut written = Written::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let Some((name, value)) = arg.to_str().and_then(flag_and_value) else {
            written.args.push(Some(arg));
            continue;
        };
        match table.iter().find(|flag| flag.name == name).map(|flag| flag.takes) {
            Some(Takes::Switch(_)) => written.switch(name, value),
            Some(takes) => {
                let value = value.map(OsString::from).or_else(|| args.next());
                written.value(name, value, matches!(takes, Takes::Many(_)));
            }
            None => written.args.push(Some(
                format!("--{}", arg.to_string_lossy().trim_start_matches('-')).into(),
            )),
        }
    }
    written.args.into_iter().flatten().collect()
}

/// `-name=value` or `--name=value`; `None` for what is no flag. `-h` stays as it is.
fn flag_and_value(arg: &str) -> Option<(&str, Option<&str>)> {
    let flag = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-'))?;
    if flag.is_empty() || flag == "h" {
        return None;
    }
    Some(match flag.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (flag, None),
    })
}

/// The arguments so far, and where each flag was written last.
#[derive(Default)]
struct Written {
    args: Vec<Option<OsString>>,
    last: HashMap<String, usize>,
}

impl Written {
    fn switch(&mut self, name: &str, value: Option<&str>) {
        let arg = match value {
            None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => format!("--{name}"),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => format!("--no-{name}"),
            Some(other) => format!("--{name}={other}"),
        };
        self.push(name, arg.into(), false);
    }

    fn value(&mut self, name: &str, value: Option<OsString>, many: bool) {
        let mut arg = OsString::from(format!("--{name}"));
        if let Some(value) = value {
            arg.push("=");
            arg.push(value);
        }
        self.push(name, arg, many);
    }

    fn push(&mut self, name: &str, arg: OsString, many: bool) {
        let before = self.last.insert(name.to_owned(), self.args.len());
        if let Some(before) = before.filter(|_| !many).and_then(|index| self.args.get_mut(index)) {
            *before = None;
        }
        self.args.push(Some(arg));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Flag] = &[
        Flag::switch("docker_only", false, "."),
        Flag::value("port", "8080", "."),
        Flag::many("path", &[], "."),
    ];

    #[test]
    fn goes_habits_become_ours() {
        for (go, ours) in [
            (&["-docker_only", "--port=1"][..], &["--docker_only", "--port=1"][..]),
            (&["-docker_only=false"], &["--no-docker_only"]),
            (&["--docker_only=T", "-port", "-1"], &["--docker_only", "--port=-1"]),
            (
                &["-port=1", "-docker_only", "-port", "2"],
                &["--docker_only", "--port=2"],
            ),
            (&["-docker_only", "-docker_only=0"], &["--no-docker_only"]),
            (&["-path=a", "--path", "b"], &["--path=a", "--path=b"]),
            (&["-port"], &["--port"]),
            (&["-docker_only=maybe"], &["--docker_only=maybe"]),
            (
                &["-bogus=1", "extra", "-", "-h", "-help"],
                &["--bogus=1", "extra", "-", "-h", "--help"],
            ),
        ] {
            let args = go.iter().map(OsString::from).collect();
            assert_eq!(rewrite(args, TABLE), ours, "{go:?}");
        }
    }
}
