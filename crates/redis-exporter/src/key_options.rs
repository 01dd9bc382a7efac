//! Which keys to look at, how, and how far.

use std::time::Duration;

use exporter_toolkit::flags::Flags;
use exporter_toolkit::go_duration;

use crate::key_list::{self, KeyName};

/// More keys at once than these keep a target from answering others, and their names are a larger answer than is waited for.
const LARGEST_BATCH: u32 = 100_000;

/// Which keys to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyOptions {
    /// Keys and patterns whose size and value are wanted.
    pub(crate) keys: Vec<KeyName>,
    /// Keys that are no patterns.
    pub(crate) single_keys: Vec<KeyName>,
    /// Streams and patterns of them.
    pub(crate) streams: Vec<KeyName>,
    /// Streams that are no patterns.
    pub(crate) single_streams: Vec<KeyName>,
    /// Patterns whose keys are counted.
    pub(crate) counts: Vec<KeyName>,
    /// Lua patterns whose captures name groups.
    pub(crate) groups: Vec<String>,
    /// More groups than these become one.
    pub(crate) most_groups: usize,
    /// Keys that are looked through at once.
    pub(crate) batch: u32,
    /// Keys that are told of, for each flag.
    pub(crate) most_keys: usize,
    /// How long each flag's keys may be looked for; `None`: for its share of the scrape.
    pub(crate) time: Option<Duration>,
    /// Whether values stay where they are.
    pub(crate) without_values: bool,
    /// Whether masters are left alone.
    pub(crate) without_master: bool,
    /// Whether consumers of streams are left out.
    pub(crate) without_consumers: bool,
}

impl KeyOptions {
    /// Reads the flags. What is wrong with them is added to `errors`.
    pub(crate) fn from_flags(flags: &Flags, errors: &mut Vec<String>) -> Self {
        let mut list = |flag: &str| {
            let names = key_list::parse(flags.value(flag));
            names.unwrap_or_else(|error| {
                errors.push(format!("--{flag}: {error}"));
                Vec::new()
            })
        };
        Self {
            keys: list("check-keys"),
            single_keys: list("check-single-keys"),
            streams: list("check-streams"),
            single_streams: list("check-single-streams"),
            counts: list("count-keys"),
            groups: groups(flags, errors),
            most_groups: number(flags, "max-distinct-key-groups", errors),
            batch: number::<u32>(flags, "check-keys-batch-size", errors).clamp(1, LARGEST_BATCH),
            most_keys: match number(flags, "check-keys-limit", errors) {
                0 => usize::MAX,
                most => most,
            },
            time: time(flags, errors),
            without_values: flags.switch("disable-exporting-key-values"),
            without_master: flags.switch("skip-checkkeys-for-role-master"),
            without_consumers: flags.switch("streams-exclude-consumer-metrics"),
        }
    }

    /// The same with what a request chooses otherwise; `param` gives what is not empty.
    ///
    /// # Errors
    /// The first parameter that makes no sense.
    pub(crate) fn chosen(&self, param: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut options = self.clone();
        for (name, place) in [
            ("check-keys", &mut options.keys),
            ("check-single-keys", &mut options.single_keys),
            ("check-streams", &mut options.streams),
            ("check-single-streams", &mut options.single_streams),
            ("count-keys", &mut options.counts),
        ] {
            if let Some(list) = param(name) {
                *place = key_list::parse(&list).map_err(|error| format!("couldn't parse {name}: {error}"))?;
            }
        }
        Ok(options)
    }
}

fn number<N: std::str::FromStr + Default>(flags: &Flags, flag: &str, errors: &mut Vec<String>) -> N {
    let value = flags.value(flag);
    value.parse().unwrap_or_else(|_| {
        errors.push(format!("--{flag}: {value:?} is no count"));
        N::default()
    })
}

fn time(flags: &Flags, errors: &mut Vec<String>) -> Option<Duration> {
    let value = flags.value("check-keys-time-limit");
    let time = go_duration::parse(value);
    if time.is_none() {
        errors.push(format!(
            "--check-keys-time-limit: {value:?} is no time, such as 2s or 500ms"
        ));
    }
    time.filter(|time| !time.is_zero())
}

fn groups(flags: &Flags, errors: &mut Vec<String>) -> Vec<String> {
    let fields = first_record(flags.value("check-key-groups")).unwrap_or_else(|| {
        errors.push("--check-key-groups: a quote stands where CSV allows none".to_owned());
        Vec::new()
    });
    let fields = fields.iter().map(|field| field.trim().to_owned());
    fields.filter(|field| !field.is_empty()).collect()
}

/// The fields of the first line of a CSV text: `a,"b,""c"""` has `a` and `b,"c"`.
fn first_record(text: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = text.trim_start_matches(['\r', '\n']);
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => plain_field(rest)?,
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Some(fields),
        }
    }
}

fn plain_field(text: &str) -> Option<(String, &str)> {
    let (field, after) = text.split_at(text.find([',', '\r', '\n']).unwrap_or(text.len()));
    (!field.contains('"')).then(|| (field.to_owned(), after))
}

/// After its first quote.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None if after.is_empty() || after.starts_with([',', '\r', '\n']) => return Some((field, after)),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::settings;

    fn options(args: &[&str]) -> KeyOptions {
        settings(args).ok().unwrap().options.keys.as_ref().clone()
    }

    #[test]
    fn groups_are_the_fields_of_a_line_of_csv() {
        for (text, fields) in [
            ("", Some(vec![""])),
            ("a, b ,,c", Some(vec!["a", " b ", "", "c"])),
            (
                r#""^k:(%d),(%d)","say ""hi""",x"#,
                Some(vec!["^k:(%d),(%d)", "say \"hi\"", "x"]),
            ),
            ("a\nb", Some(vec!["a"])),
            (r#"a"b"#, None),
            (r#""a"b"#, None),
            (r#""a"#, None),
        ] {
            let fields = fields.map(|fields| fields.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(first_record(text), fields, "{text}");
        }
        assert_eq!(options(&["--check-key-groups=a, b ,,c"]).groups, ["a", "b", "c"]);
        assert_eq!(options(&["--check-key-groups=  "]).groups, [""; 0]);
    }

    #[test]
    fn limits_that_are_zero_are_none_and_batches_are_of_some_size() {
        let chosen = options(&["--check-keys-limit=0", "--check-keys-batch-size=0"]);
        assert_eq!((chosen.most_keys, chosen.batch, chosen.time), (usize::MAX, 1, None));
        let chosen = options(&["--check-keys-batch-size=99999999", "--check-keys-time-limit=2s"]);
        assert_eq!(
            (chosen.batch, chosen.time),
            (LARGEST_BATCH, Some(Duration::from_secs(2)))
        );
    }

    #[test]
    fn each_flag_that_is_wrong_is_named() {
        let args = [
            "--check-keys=a=b=c",
            "--count-keys=%",
            "--check-key-groups=a\"",
            "--max-distinct-key-groups=-1",
            "--check-keys-batch-size=x",
            "--check-keys-time-limit=soon",
        ];
        let errors = settings(&args).err().unwrap();
        let flags: Vec<_> = errors.iter().filter_map(|error| error.split(':').next()).collect();
        let expected: Vec<_> = args.iter().filter_map(|arg| arg.split('=').next()).collect();
        assert_eq!(flags, expected);
    }

    #[test]
    fn a_request_replaces_what_it_names() {
        let flags = options(&["--check-keys=a", "--count-keys=b"]);
        let chosen = flags.chosen(|name| (name == "count-keys").then(|| "db1=c".to_owned()));
        let chosen = chosen.unwrap();
        assert_eq!((&chosen.keys, chosen.counts.len()), (&flags.keys, 1));
        assert_eq!(chosen.counts.first().map(|name| name.database), Some(1));
        let wrong = flags.chosen(|_| Some("a=b=c".to_owned()));
        assert_eq!(
            wrong,
            Err("couldn't parse check-keys: \"a=b=c\" has more than one '='".to_owned())
        );
    }
}
